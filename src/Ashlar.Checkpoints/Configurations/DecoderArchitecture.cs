namespace Ashlar.Checkpoints.Configurations;

/// <summary>The decoder families whose Hugging Face names and layouts Ashlar reads and writes.</summary>
public enum DecoderArchitecture
{
    /// <summary><c>OpenAIGPTLMHeadModel</c> (GPT-1): as GPT-2, but each norm follows its branch and there is none at the end.</summary>
    Gpt1,

    /// <summary><c>GPT2LMHeadModel</c>: learned positions, LayerNorm with bias, GELU, fused query-key-value.</summary>
    Gpt2,

    /// <summary><c>LlamaForCausalLM</c>: RoPE, RMSNorm, SwiGLU, grouped-query attention.</summary>
    Llama,

    /// <summary><c>Qwen2ForCausalLM</c>: as Llama, with biases on query, key and value.</summary>
    Qwen2,

    /// <summary><c>Qwen3ForCausalLM</c>: as Llama, with an RMSNorm on each query and key head.</summary>
    Qwen3,
}

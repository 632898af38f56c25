namespace Ashlar.Training.Models;

/// <summary>In what precision a model's matrix products are computed. Parameters, norms, softmax and loss are fp32 in either case.</summary>
public enum ComputeType
{
    /// <summary>32-bit floats throughout.</summary>
    Float32,

    /// <summary>
    /// bfloat16 operands with fp32 accumulation (Micikevicius et al., "Mixed Precision Training", 2018, section 3.1: fp32 master
    /// weights). About four times the rate of fp32 on processors with AVX-512 BF16 or AMX.
    /// </summary>
    BFloat16,
}

namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// How a recurrent decoder looks at the source. Weights are w = softmax(score) over the source positions, padding excluded;
/// the context is the sum of w[s] m[s] over the encoder's outputs m.
/// </summary>
public enum RecurrentAttention
{
    /// <summary>It does not: all it knows is the sentence vector.</summary>
    None,

    /// <summary>score = v . tanh(Q q + K m + k), with q the top layer's h of the step before (Bahdanau et al. 2015, appendix A.1.2).</summary>
    Bahdanau,

    /// <summary>score = q . m, with q the top layer's h of this step (Luong et al. 2015, equation 8, as the next two).</summary>
    LuongDot,

    /// <summary>score = (Q q) . m.</summary>
    LuongGeneral,

    /// <summary>score = v . tanh(Q q + K m + k).</summary>
    LuongConcat,

    /// <summary>Bahdanau's score, with q the bottom layer's h of this step; every layer above reads the context (Wu et al. 2016, section 3).</summary>
    Gnmt,
}

/// <summary>What makes the decoder's first state.</summary>
public enum RecurrentBridge
{
    /// <summary>Nothing: zeros.</summary>
    Zero,

    /// <summary>Decoder layer l begins with the last state of encoder layer l, the two directions side by side.</summary>
    Copy,

    /// <summary>Decoder layer l begins with h = tanh(H_l v + a_l) and, in an LSTM, c = tanh(C_l v + b_l), v being the sentence vector.</summary>
    Dense,
}

/// <summary>How the encoder's outputs m[0..n-1] become one sentence vector; padding never takes part.</summary>
public enum SentencePooling
{
    /// <summary>The last output of each direction: forward of m[n-1], backward of m[0].</summary>
    Last,

    /// <summary>Mean of all outputs.</summary>
    Mean,

    /// <summary>(m[0] + m[n-1]) / 2.</summary>
    FirstLastMean,

    /// <summary>Mean of the last N outputs, of all when there are fewer.</summary>
    MeanLastN,

    /// <summary>Sum of all outputs.</summary>
    Sum,

    /// <summary>The largest of each component.</summary>
    Max,
}

/// <summary>The names of these choices in <c>config.json</c> and recipes.</summary>
public static class RecurrentTranslationNames
{
    private static readonly string[] Attentions = ["none", "bahdanau", "luong-dot", "luong-general", "luong-concat", "gnmt"];
    private static readonly string[] Bridges = ["zero", "copy", "dense"];
    private static readonly string[] Poolings = ["last", "mean", "first-last-mean", "mean-last-n", "sum", "max"];

    /// <summary>The name of an attention.</summary>
    public static string Name(this RecurrentAttention attention) => Attentions[(int)attention];

    /// <summary>The name of a bridge.</summary>
    public static string Name(this RecurrentBridge bridge) => Bridges[(int)bridge];

    /// <summary>The name of a pooling mode.</summary>
    public static string Name(this SentencePooling pooling) => Poolings[(int)pooling];

    /// <summary>The attention of a name.</summary>
    /// <exception cref="InvalidDataException">No such name; the sentence lists them.</exception>
    public static RecurrentAttention ParseAttention(string name) => (RecurrentAttention)Find("attention", name, Attentions);

    /// <summary>The bridge of a name.</summary>
    /// <exception cref="InvalidDataException">No such name; the sentence lists them.</exception>
    public static RecurrentBridge ParseBridge(string name) => (RecurrentBridge)Find("bridge", name, Bridges);

    /// <summary>The pooling mode of a name.</summary>
    /// <exception cref="InvalidDataException">No such name; the sentence lists them.</exception>
    public static SentencePooling ParsePooling(string name) => (SentencePooling)Find("pooling", name, Poolings);

    private static int Find(string key, string name, string[] names)
    {
        int index = Array.IndexOf(names, name);
        return index >= 0
            ? index
            : throw new InvalidDataException($"{key} is '{name}'; expected {string.Join(", ", names[..^1])} or {names[^1]}.");
    }
}

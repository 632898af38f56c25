namespace Ashlar.Inference.Models.NGrams;

/// <summary>Reads a text token by token and asks only for the probability of the token that comes: the quick way to score.</summary>
/// <param name="model">The model.</param>
public sealed class NGramReader(NGramModel model) : IDisposable
{
    private readonly NGramState _state = (NGramState)model.NewState();

    /// <summary>The probability of a token after what was read.</summary>
    /// <param name="token">The token.</param>
    /// <param name="found">Length of the longest n-gram that ends with it and was seen in training; 0 if it was never seen.</param>
    public double Probability(int token, out int found)
    {
        int longest = 0;
        double probability = model.Evaluator.Probability(_state.Contexts, token, step =>
        {
            if (step.Found)
                longest = step.Order;
        });
        found = longest;
        return probability;
    }

    /// <summary>Goes on by one token.</summary>
    public void Read(int token) => _state.Append(token);

    /// <inheritdoc/>
    public void Dispose() => _state.Dispose();
}

using Ashlar.Inference.Translation;

namespace Ashlar.Inference.Tests.Translation;

public sealed class AttentionMatrixTests
{
    private static readonly float[][] Weights = [[0.1f, 0.2f, 0.4f, 0.3f], [0.5f, 0.2f, 0.1f, 0.2f], [0, 0, 0, 1]];

    [Fact]
    public void Links_go_between_tokens_of_text()
    {
        AttentionMatrix plain = new(["a", "b", "c", "d"], ["x", "y", "</s>"], Weights);
        Assert.Equal("2-0 0-1", plain.ToPairs());
        // A tag before and an end after: neither is text, and the strongest of the others counts.
        Assert.Equal("1-0 0-1", (plain with { SourcePlaces = [-1, 0, 1, -1] }).ToPairs());
        // Read backwards: the places are those of the text.
        Assert.Equal("0-0 2-1", (plain with { SourcePlaces = [2, 1, 0, -1] }).ToPairs());
        // Cut off at the length limit: the last token is text.
        Assert.Equal("2-0 0-1 3-2", (plain with { Ended = false }).ToPairs());
    }
}

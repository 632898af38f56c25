using Ashlar.Evaluation.Translation;

namespace Ashlar.Evaluation.Tests.Translation;

public sealed class SequenceAccuracyTests
{
    private static readonly string[] Hypotheses = ["a b c ", "a  b", "x b c d", ""];
    private static readonly string[][] References = [["a b c", "a b", "a b c", "a"], ["a", "b", "x b c d e", ""]];

    [Fact]
    public void One_set_by_hand()
    {
        string[][] one = [References[0]];
        Assert.Equal(25, SequenceAccuracy.ExactMatch(Hypotheses, one).Value);
        Assert.Equal(50, SequenceAccuracy.Sentences(Hypotheses, one).Value);
        // 3 of 3, 2 of 2, 2 of 4, 0 of 1
        Assert.Equal(70, SequenceAccuracy.Tokens(Hypotheses, one).Value);
    }

    [Fact]
    public void Of_two_sets_the_better_counts()
    {
        Assert.Equal(50, SequenceAccuracy.ExactMatch(Hypotheses, References).Value);
        Assert.Equal(75, SequenceAccuracy.Sentences(Hypotheses, References).Value);
        // 3 of 3, 2 of 2, 4 of 5, nothing of nothing
        Assert.Equal(90, SequenceAccuracy.Tokens(Hypotheses, References).Value);
    }
}

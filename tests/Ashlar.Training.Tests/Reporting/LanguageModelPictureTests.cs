using System.Globalization;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Training.Models.Recurrent;
using Ashlar.Training.NGrams;
using Ashlar.Training.Reporting.Pictures;
using Ashlar.Training.Tests.Models.Recurrent;
using Ashlar.Training.Tests.NGrams;

namespace Ashlar.Training.Tests.Reporting;

/// <summary>Pictures of an n-gram's back-off path and of a recurrent network unrolled.</summary>
public sealed class LanguageModelPictureTests
{
    [Theory]
    [InlineData(RecurrentCell.Lstm, new[] { "input", "forget", "writes", "output" })]
    [InlineData(RecurrentCell.Gru, new[] { "reset", "update", "writes" })]
    [InlineData(RecurrentCell.RnnTanh, new string[0])]
    public void The_unrolled_network_shows_units_gates_and_what_it_expects(RecurrentCell cell, string[] gates)
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(cell));
        using MemoryTensorSource weights = model.CopyWeights();
        using RecurrentGraph graph = RecurrentGraph.Load(model.Configuration, weights, threadCount: 1);
        RecurrentTrace trace = graph.Trace([3, 1, 4]);
        Expectation[][] expected = [[new("b", 0.5, true), new("c", 0.25, false)], [new("c", 0.75, false)], []];
        Picture picture = UnrolledNetwork.Draw("", trace, ["a", "b", "d"], expected);
        Label[] labels = [.. picture.Marks.OfType<Label>()];

        // A full square is a positive state and a hollow one a negative state, at its unit's row and its token's column.
        foreach (Box square in picture.Marks.OfType<Box>().Where(box => box.Note is not null))
        {
            string[] words = square.Note!.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries); // unit 7 after b 0.31
            int unit = int.Parse(words[1], CultureInfo.InvariantCulture), step = Array.IndexOf(["a", "b", "d"], words[3]);
            float value = float.Parse(words[4], CultureInfo.InvariantCulture);
            Assert.Contains(Enumerable.Range(0, 2), layer => Math.Abs(trace.Hidden(layer, step)[unit] - value) < 0.006);
            Assert.Equal(words[4][0] == '-', square.Stroke is not null);
            Label head = labels.First(label => label.Text == words[3]);
            Assert.Equal(head.X, square.X + square.Width / 2, 1e-9);
            Assert.Contains(labels, label => label.Text == $"unit {unit}" && Math.Abs(label.Y - 4 - square.Y - square.Height / 2) < 1e-9);
        }

        Assert.Equal(2 * 16, labels.Count(label => label.Text.StartsWith("unit ", StringComparison.Ordinal))); // 16 of 19 units of both layers
        foreach (string gate in gates)
            Assert.Equal(2, labels.Count(label => label.Text == gate));
        for (int gate = 0; gate < gates.Length; gate++)
        {
            Label name = labels.Where(label => label.Text == gates[gate]).Last(); // of the upper layer, the lower on the page
            string mean = trace.Gate(1, gate, 2).ToArray().Average().ToString("0.00;−0.00", CultureInfo.InvariantCulture);
            Assert.Equal(mean, labels.Where(label => label.Y == name.Y).OrderBy(label => label.X).Last().Text);
        }

        Box framed = Assert.Single(picture.Marks.OfType<Box>(), box => box.Fill is null);
        Label follows = Assert.Single(labels, label => label is { Text: "b", Bold: true });
        Assert.InRange(follows.X, framed.X, framed.X + framed.Width);
        Assert.InRange(follows.Y, framed.Y, framed.Y + framed.Height);
        Assert.Contains("after a it expects b, 0.500", picture.Description);
        // What stands at the left of a row is said below.
        foreach (string gate in gates)
            Assert.Contains(labels, label => label.Text != gate && label.Text.Contains(gate, StringComparison.Ordinal) && label.Text.Contains("mean of all units", StringComparison.Ordinal));
        TextExtent.AssertInside(picture);
    }

    // The heads of long tokens lean: up to the title but not into it, and to the right only as far as those near the edge need.
    [Fact]
    public void Tokens_of_the_unrolled_network_keep_to_their_frames_and_to_the_picture()
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Lstm));
        using MemoryTensorSource weights = model.CopyWeights();
        using RecurrentGraph graph = RecurrentGraph.Load(model.Configuration, weights, threadCount: 1);
        string[] tokens = ["<|endoftext|>", "␣language", "␣model", "␣is", "␣a", "␣committee", "a", "."];
        Expectation[][] expected = [.. tokens.Select(token => (Expectation[])[new(token, 0.0717, true), new(token, 0.01, false)])];
        Picture picture = UnrolledNetwork.Draw("A language model is a committee.", graph.Trace([3, 1, 4, 1, 5, 9, 2, 6]), tokens, expected);
        TextExtent.AssertInside(picture);
        Label title = picture.Marks.OfType<Label>().Single(label => label.Size == 15);
        Label[] heads = [.. picture.Marks.OfType<Label>().Where(label => label.Angle != 0)];
        Assert.Equal(6, heads.Length);
        Assert.All(heads, head => Assert.True(TextExtent.Of(head).Top > title.Y + 4, $"'{head.Text}' leans into the title"));
        Box[] frames = [.. picture.Marks.OfType<Box>().Where(box => box.Fill is null)];
        Assert.Equal(tokens.Length, frames.Length);
        foreach (Label framed in picture.Marks.OfType<Label>().Where(label => label is { Bold: true, Size: 11 }))
        {
            SkiaSharp.SKRect place = TextExtent.Of(framed);
            Assert.Contains(frames, frame => frame.X + 1 < place.Left && place.Right < frame.X + frame.Width - 1 && frame.Y < place.Top && place.Bottom < frame.Y + frame.Height);
        }

        Assert.Contains(picture.Marks.OfType<Label>(), label => label is { Text: "␣model", Bold: true }); // and need not be shortened
        double right = Math.Max(frames.Max(frame => frame.X + frame.Width), picture.Marks.OfType<Label>().Max(label => TextExtent.Of(label).Right));
        Assert.True(picture.Width - right < 24, $"{picture.Width - right} blank pixels at the right");
        Assert.StartsWith("A language model is a committee. after", picture.Description);
    }

    [Theory]
    [InlineData(NGramSmoothing.WittenBell)]
    [InlineData(NGramSmoothing.KneserNey)]
    [InlineData(NGramSmoothing.ModifiedKneserNey)]
    [InlineData(NGramSmoothing.MaximumLikelihood)]
    public void Shares_of_the_orders_make_up_the_probability(NGramSmoothing smoothing)
    {
        using CountedModel counted = new([[0, 1, 2, 0, 1, 3, 0, 1, 2, 2, 3]], 5, 3, new() { Smoothing = smoothing });
        foreach (int[] text in (int[][])[[0, 1, 2], [3, 3, 2], [4, 4, 1], [1, 2, 4]])
        {
            BackoffPath path = counted.Model.Explain(text.AsSpan(0, 2), text[2]);
            Assert.Equal(path.Probability > 0 ? 1 : 0, BackoffShares.Shares(path, smoothing).Sum(item => item.Share), 1e-9);
        }
    }

    // "0 1 2" was seen, "3 3" never; what is not in the text at all costs what the uniform distribution gives.
    [Fact]
    public void The_back_off_path_frames_the_longest_n_gram_and_marks_contexts_never_seen()
    {
        using CountedModel counted = new([[0, 1, 2, 0, 1, 3, 0, 1, 2, 2, 3]], 5, 3, new() { Smoothing = NGramSmoothing.WittenBell });
        BackoffPath[] paths = [counted.Model.Explain([0, 1], 2), counted.Model.Explain([3, 3], 2), counted.Model.Explain([0, 1], 4)];
        Picture picture = BackoffShares.Draw("", ["c", "x", "z"], paths, 3, NGramSmoothing.WittenBell);
        Label[] labels = [.. picture.Marks.OfType<Label>()];
        Box[] framed = [.. picture.Marks.OfType<Box>().Where(box => box.Stroke is not null)];
        Assert.Equal(2, framed.Length); // z was never seen
        Assert.Equal("3-gram", Row(framed[0]));
        Assert.Equal("1-gram", Row(framed[1]));
        Label dash = Assert.Single(labels, label => label.Text == "–");
        Assert.Equal(labels.Single(label => label.Text == "x").X, dash.X);
        Assert.Contains(labels, label => label.Text == "100"); // all of z
        Assert.Contains("c 0.", picture.Description);
        Assert.Contains("seen as a 3-gram; x ", picture.Description);
        Assert.EndsWith("never seen", picture.Description);

        string Row(Box box) => labels.Where(label => label.Text.EndsWith("-gram", StringComparison.Ordinal))
            .MinBy(label => Math.Abs(label.Y - box.Y - box.Height / 2))!.Text;
    }
}

using System.Buffers.Binary;
using System.Xml.Linq;
using Ashlar.Training.Reporting;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Tests.Reporting;

public sealed class PictureTests
{
    private static readonly AttentionMaps Maps = new("decoder to source", ["Knowledge", "is", "</s>"], ["知", "识"], 2, 2,
    [
        0.9f, 0.1f, 0.2f, 0.8f, 0.5f, 0.5f, // layer 1, head 1
        0.7f, 0.3f, 0.4f, 0.6f, 0.5f, 0.5f, // layer 1, head 2
        0.1f, 0.9f, 0.2f, 0.8f, 1.0f, 0.0f, // layer 2, head 1
        0.3f, 0.7f, 0.0f, 1.0f, 0.6f, 0.4f, // layer 2, head 2
    ]);

    private static readonly BeamNode[] Beams =
    [
        new(-1, "我", 1, 0),
        new(0, "想", 0.4, Math.Log(0.4)), new(0, "喜欢", 0.3, Math.Log(0.3)),
        new(1, "你", 0.5, Math.Log(0.2)), new(2, "你", 0.8, Math.Log(0.24)), new(1, "去", 0.3, Math.Log(0.12), Kept: false),
    ];

    [Fact]
    public void A_head_is_chosen_and_heads_are_averaged()
    {
        Assert.Equal([0.7f, 0.3f, 0.4f, 0.6f, 0.5f, 0.5f], Maps.Choose(0, 1));
        Assert.Equal([0.8, 0.2, 0.3, 0.7, 0.5, 0.5], Maps.Choose(0).Select(weight => Math.Round(weight, 6)));
        Assert.Equal([0.5, 0.5, 0.2, 0.8, 0.75, 0.25], Maps.Choose(head: 0).Select(weight => Math.Round(weight, 6)));
        Assert.Equal([0.5, 0.5, 0.2, 0.8, 0.65, 0.35], Maps.Choose().Select(weight => Math.Round(weight, 6)));
        Assert.Contains("layer 3 is not there; expected 1 to 2", Assert.Throws<InvalidDataException>(() => Maps.Choose(2)).Message);
        Assert.Contains("head 0 is not there", Assert.Throws<InvalidDataException>(() => Maps.Choose(0, -1)).Message);
        Assert.Equal("decoder to source, layer 2, head 1", Maps.Describe(1, 0));
    }

    [Fact]
    public void The_heat_map_says_its_weights_without_colour()
    {
        Picture picture = HeatMap.Draw("", Maps.Rows, Maps.Columns, Maps.Choose(0, 0));
        Label[] labels = [.. picture.Marks.OfType<Label>()];
        Assert.Equal(["知", "识", "Knowledge", "90", "10", "is", "20", "80", "</s>", "50", "50"], labels.Select(label => label.Text));
        Box[] framed = [.. picture.Marks.OfType<Box>().Where(box => box.Stroke is not null)];
        Assert.Equal(3, framed.Length);
        Assert.True(framed[1].X > framed[0].X, "'is' looks at the second column most");
        Assert.Contains("Knowledge looks at 知, 90 percent", picture.Description);
        Assert.All(picture.Marks.OfType<Box>(), box => Assert.True(box.X >= 0 && box.X + box.Width <= picture.Width && box.Y + box.Height <= picture.Height));
    }

    [Fact]
    public void Marks_of_the_vocabulary_are_not_shown() =>
        Assert.Equal(["go", "go", "go", "␣"], new[] { "Ġgo", "▁go", "go</w>", "Ġ" }.Select(HeatMap.Shown));

    // The course's example: greedy takes 想 first and ends at .20, a beam of two finds 喜欢 你 at .24.
    [Fact]
    public void The_tree_shows_every_beam_and_a_thick_line_to_the_winner()
    {
        Picture picture = BeamTree.Draw("", Beams, best: 4);
        Assert.Contains("Best: 我 100%, 喜欢 30%, 你 80%", picture.Description);
        Label[] labels = [.. picture.Marks.OfType<Label>()];
        Assert.Equal(2, labels.Count(label => label.Text == "你"));
        Assert.Contains(labels, label => label is { Text: "= 24%", Bold: true });
        Assert.Contains(labels, label => label is { Text: "= 20%", Bold: false });
        // What the search dropped says so at its end, and how probable it was then.
        Label dropped = Assert.Single(labels, label => label.Text == "dropped at 12%");
        Assert.Equal(Ink.Soft, dropped.Colour);
        Assert.Equal(labels.Single(label => label.Text == "去").Y, dropped.Y);
        Segment[] lines = [.. picture.Marks.OfType<Segment>()];
        Assert.Contains(lines, line => line is { Width: > 2, Colour: Ink.Ink });
        Assert.Contains(lines, line => line.Dashed);
        // No two tokens stand on one another.
        Assert.Equal(labels.Count(label => label.Size == 14), labels.Where(label => label.Size == 14).Select(label => (label.X, label.Y)).Distinct().Count());
    }

    // Of one probability and of a whole line two digits count, and no text comes near the edge, however heavy or long.
    [Theory]
    [InlineData(0.6711, "67%")]
    [InlineData(0.0163, "1.6%")]
    [InlineData(0.0034, "0.34%")]
    [InlineData(0.00002, "2e-5")]
    public void The_tree_ends_before_the_edge(double probability, string shown)
    {
        Picture picture = BeamTree.Draw("", [new(-1, "Wwwwwwww", probability, Math.Log(probability)), new(-1, "MMMMMMMMMM", 0.001, Math.Log(0.001), Kept: false)], best: 0);
        Assert.Contains(picture.Marks.OfType<Label>(), label => label.Text == "= " + shown && label.Bold);
        Assert.Contains(picture.Marks.OfType<Label>(), label => label.Text == shown && !label.Bold);
        Assert.Contains(picture.Marks.OfType<Label>(), label => label.Text == "dropped at 0.10%");
        TextExtent.AssertInside(picture, margin: 8);
    }

    [Fact]
    public void Vectors_have_each_their_stated_scale_and_sign_is_not_by_colour()
    {
        Picture picture = VectorStrips.Draw("", [new("last", [1, -1, 0, 0.25f]), new("sum", [4, 1, 0, 0]), new("max", [0, 0, 0, 0]), new("mean", [0.321f, 0, 0, 0])]);
        Box[] values = [.. picture.Marks.OfType<Box>().Where(box => box.Note is not null)];
        Assert.Equal(6, values.Length);
        Assert.Equal(values[0].Width, values[3].Width, 1e-9); // the largest of each fills its cell
        Assert.Equal(values[0].Width, values[5].Width, 1e-9);
        Assert.Equal(values[3].Width, values[4].Width * 2, 1e-9); // four times the value, four times the area
        Assert.NotNull(values[1].Stroke);
        Assert.Null(values[0].Stroke);
        Assert.Equal("sum, component 1: 1.000", values[4].Note);
        Label[] labels = [.. picture.Marks.OfType<Label>()];
        foreach ((string name, string scale) in (ReadOnlySpan<(string, string)>)[("last", "largest 1.0"), ("sum", "largest 4.0"), ("max", "all zero"), ("mean", "largest 0.32")])
        {
            Label head = labels.Single(label => label.Text == name), said = labels.Single(label => label.Text == scale);
            Assert.Equal((head.X, head.Y + 17), (said.X, said.Y));
        }

        Assert.Contains("mean largest 0.32", picture.Description);
    }

    // Of the width of the tour's translator: cells that a reader can tell apart, three panels a row, none over another.
    [Fact]
    public void Vectors_stand_three_a_row_in_cells_large_enough_to_read()
    {
        float[] values = [.. Enumerable.Range(0, 128).Select(i => MathF.Sin(i))];
        string[] names = ["last (this model's)", "mean", "first-last-mean", "mean-last-n", "sum", "max"];
        Picture picture = VectorStrips.Draw("title.", [.. names.Select(name => new NamedVector(name, values))]);
        Box[] panels = [.. picture.Marks.OfType<Box>().Where(box => box.Fill == Ink.Rule)];
        Assert.Equal([3, 3], panels.GroupBy(panel => panel.Y).Select(row => row.Count()));
        Assert.All(panels, panel => Assert.True(panel.Width >= 12 * 18, "twelve cells across of 18 pixels"));
        for (int i = 0; i < panels.Length; i++)
        {
            Assert.All(panels[..i], other => Assert.True(other.X + other.Width < panels[i].X || panels[i].X + panels[i].Width < other.X || other.Y + other.Height < panels[i].Y));
            Label head = picture.Marks.OfType<Label>().Single(label => label.Text == names[i]);
            Assert.Equal(panels[i].X, head.X);
            Assert.InRange(panels[i].Y - head.Y, 0, 30);
        }

        TextExtent.AssertInside(picture);
        Assert.True(picture.Width - panels.Max(panel => panel.X + panel.Width) < 30, "no blank strip at the right");
        Assert.StartsWith("title. last", picture.Description);
    }

    [Fact]
    public void The_heat_map_has_room_for_its_tokens()
    {
        string[] tokens = ["Wasserwerkswagen", "MMMMMM", "<|endoftext|>", "."];
        Picture picture = HeatMap.Draw("A title that is long and ends in a full stop.", tokens, tokens, new float[16]);
        TextExtent.AssertInside(picture);
        Assert.StartsWith("A title that is long and ends in a full stop. Wasserwerkswagen looks", picture.Description);
    }

    [Fact]
    public void Svg_is_well_formed_and_stands_alone()
    {
        Picture picture = HeatMap.Draw("<&> \u0001", Maps.Rows, Maps.Columns, Maps.Choose());
        XDocument svg = XDocument.Parse(SvgPicture.Document(picture));
        Assert.Equal("img", (string?)svg.Root!.Attribute("role"));
        Assert.DoesNotContain("var(--paper)", svg.Root.Attribute("viewBox")!.Value);
        Assert.Contains(svg.Descendants(), element => element.Value == "Knowledge");
        Assert.DoesNotContain("http://", SvgPicture.Document(picture).Replace("http://www.w3.org/2000/svg", ""));
    }

    [Fact]
    public void Png_has_the_size_of_the_picture_and_ink_where_it_draws()
    {
        Picture picture = HeatMap.Draw("title", Maps.Rows, Maps.Columns, Maps.Choose());
        byte[] png = PngPicture.Bytes(picture, 2, out string missing);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.Equal((int)Math.Ceiling(2 * picture.Width), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal((int)Math.Ceiling(2 * picture.Height), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        using SkiaSharp.SKBitmap bitmap = SkiaSharp.SKBitmap.Decode(png);
        Box framed = picture.Marks.OfType<Box>().First(box => box.Stroke is not null);
        SkiaSharp.SKColor edge = bitmap.GetPixel((int)(2 * framed.X), (int)(2 * (framed.Y + framed.Height / 2)));
        Assert.True(edge.Red < 100 && edge.Green < 100 && edge.Blue < 110, $"the frame is dark, not {edge}");
        Assert.Equal("#fffdfcf9", bitmap.GetPixel(1, 1).ToString());
        Assert.DoesNotContain("K", missing);
    }

    [Fact]
    public void The_page_stands_alone_and_has_a_map_for_every_choice()
    {
        string page = AttentionReport.Page(new TranslationInsight
        {
            Source = "知识 <就是> 力量",
            Translation = "Knowledge is power.",
            Attention = [Maps],
            Beams = Beams,
            BestBeam = 4,
            Vectors = [new("mean", [1, 2, 3])],
        });
        Assert.Equal(9, System.Text.RegularExpressions.Regex.Count(page, "<div class=\"m[0-9]")); // (2 layers + mean) x (2 heads + mean)
        Assert.Equal(6, page.Split("type=\"radio\"").Length - 1);
        Assert.Contains("知识 &lt;就是&gt; 力量", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("src=", page);
        Assert.Contains("Beam search", page);
        Assert.DoesNotContain("a-kind-0", page);
        // Several kinds of attention: one is chosen.
        string two = AttentionReport.Page(new TranslationInsight { Source = "a", Translation = "b", Attention = [Maps, Maps with { Name = "encoder to itself" }] });
        Assert.Contains("id=\"a-kind-1\">encoder to itself", two);
        Assert.Contains("#a:has(#a-kind-1:checked) .kind:not(#a-1){display:none}", two);
        Assert.DoesNotContain("Beam search", AttentionReport.Page(new TranslationInsight { Source = "a", Translation = "b" }));
    }
}

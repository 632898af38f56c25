using System.IO.Compression;
using System.Text.Json.Nodes;
using Ashlar.Tests;
using Ashlar.Tokenizers.ChatTemplates;

namespace Ashlar.Tokenizers.Tests.ChatTemplates;

/// <summary>The templates of Qwen3 and Llama 3, against what Jinja2 writes with them.</summary>
public class PublishedTemplateTests
{
    private static readonly JsonArray Cases = JsonNode.Parse(File.ReadAllText(Path.Combine(
        SharedData.RepositoryRoot, "tests", "Ashlar.Tokenizers.Tests", "ChatTemplates", "published-template-cases.json")))!["cases"]!.AsArray();

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Cases.Count)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void RendersWhatJinja2Renders(int index)
    {
        JsonNode test = Cases[index]!;
        ChatMessage[] messages = [.. test["messages"]!.AsArray().Select(m =>
            new ChatMessage((string)m!["role"]!, (string)m["content"]!) { Fields = m.DeepClone().AsObject() })];
        string text = Template((string)test["tokenizer"]!).Render(messages, (bool)test["generation"]!, test["variables"]!.AsObject());
        Assert.Equal((string)test["expected"]!, text);
    }

    [Fact]
    public void FindsTheRepliesOfQwen3ThoughItWritesTheLastTurnDifferently()
    {
        RenderedChat chat = Template("qwen3").RenderWithReplies(
            [new("user", "One?"), new("assistant", "1"), new("user", "Two?"), new("assistant", "2")]);
        string[] replies = [.. chat.Replies.Select(span => chat.Text.Substring(span.Start, span.Length))];
        Assert.Equal(["1<|im_end|>", "<think>\n\n</think>\n\n2<|im_end|>"], replies);
    }

    private static ChatTemplate Template(string name)
    {
        using GZipStream stream = new(File.OpenRead(SharedData.Require("tokenizer-json", name + "-tokenizer_config.json.gz")), CompressionMode.Decompress);
        return new ChatTemplate((string)JsonNode.Parse(stream)!["chat_template"]!);
    }
}

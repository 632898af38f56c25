using System.Text.Json.Nodes;
using Ashlar.Tests;
using Ashlar.Tokenizers.ChatTemplates;

namespace Ashlar.Tokenizers.Tests.ChatTemplates;

/// <summary>Templates whose text Jinja2 itself wrote; the file says how.</summary>
public class JinjaCaseTests
{
    private static readonly JsonObject File = JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(
        SharedData.RepositoryRoot, "tests", "Ashlar.Tokenizers.Tests", "ChatTemplates", "jinja-cases.json")))!.AsObject();

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, File["cases"]!.AsArray().Count)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void RendersWhatJinja2Renders(int index)
    {
        JsonObject variables = File["variables"]!.DeepClone().AsObject();
        JsonArray messages = variables["messages"]!.AsArray();
        variables.Remove("messages");
        ChatMessage[] turns = [.. messages.Select(m => new ChatMessage((string)m!["role"]!, (string)m["content"]!))];
        JsonNode test = File["cases"]![index]!;
        Assert.Equal((string)test["expected"]!, new ChatTemplate((string)test["template"]!).Render(turns, variables: variables));
    }
}

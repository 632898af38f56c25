using System.Text.Json.Nodes;
using Ashlar.Tokenizers.ChatTemplates;
using CsCheck;

namespace Ashlar.Tokenizers.Tests.ChatTemplates;

public class ChatTemplateTests
{
    private static readonly string[] Roles = ["system", "user", "assistant", "tool"];

    private static readonly ChatMessage[] Conversation =
    [
        new("system", "Be brief."),
        new("user", "What is attention?"),
        new("assistant", "A weighted mean."),
        new("user", "谢谢"),
        new("assistant", "不客气 <|im_end|>"),
    ];

    [Fact]
    public void ChatMlIsAsItsDescriptionSays()
    {
        Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is attention?<|im_end|>\n<|im_start|>assistant\n",
            ChatTemplate.ChatMl.Render(Conversation[..2], addGenerationPrompt: true));
        Assert.Equal("", ChatTemplate.ChatMl.Render([]));
    }

    [Fact]
    public void TheRepliesAreExactlyTheAssistantsWordsAndTheEndOfTheTurn()
    {
        RenderedChat chat = ChatTemplate.ChatMl.RenderWithReplies(Conversation);
        Assert.Equal(ChatTemplate.ChatMl.Render(Conversation), chat.Text);
        Assert.Equal(
            ["A weighted mean.<|im_end|>", "不客气 <|im_end|><|im_end|>"],
            chat.Replies.Select(span => chat.Text[span.Start..span.End]));
    }

    [Fact]
    public void TheRepliesOfAnyConversationAreFound() =>
        Gen.Select(Gen.Int[0, 3].Select(i => Roles[i]), Gen.String[Gen.OneOf(Gen.Char["ab \n你<|>im_end"], Gen.Char[' ', 'z']), 0, 12]).Array[0, 8].Sample(turns =>
        {
            ChatMessage[] messages = [.. turns.Select(turn => new ChatMessage(turn.Item1, turn.Item2))];
            RenderedChat chat = ChatTemplate.ChatMl.RenderWithReplies(messages);
            Assert.Equal(
                messages.Where(message => message.Role == "assistant").Select(message => message.Content + "<|im_end|>"),
                chat.Replies.Select(span => chat.Text[span.Start..span.End]));
        });

    [Fact]
    public void GenerationBlocksSayWhereTheRepliesAre()
    {
        ChatTemplate template = new(
            "{% for m in messages %}{{ m.role }}: {% if m.role == 'assistant' %}{% generation %}{{ m.content }}</s>{% endgeneration %}{% else %}{{ m.content }}{% endif %}\n{% endfor %}");
        RenderedChat chat = template.RenderWithReplies(Conversation[..3]);
        Assert.Equal(["A weighted mean.</s>"], chat.Replies.Select(span => chat.Text[span.Start..span.End]));
    }

    [Fact]
    public void ATemplateThatDropsEarlierRepliesCanNotBeTrainedOn()
    {
        ChatTemplate template = new("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}");
        Assert.Contains("message 2", Assert.Throws<InvalidDataException>(() => template.RenderWithReplies(Conversation)).Message);
    }

    [Theory]
    [InlineData("a\nb\n{% if x %}", 3, "endif")]
    [InlineData("{{ 1 +\n }}", 2, "a value was expected")]
    [InlineData("\n{{ x | nofilter }}", 2, "nofilter")]
    [InlineData("\n\n{{ 'abc }}", 3, "string")]
    [InlineData("{% foo %}", 1, "foo")]
    [InlineData("{% endif %}", 1, "endif")]
    [InlineData("{{ x", 1, "'}}'")]
    [InlineData("{# x", 1, "#}")]
    [InlineData("{% include 'a' %}", 1, "include")]
    [InlineData("{% break %}", 1, "outside")]
    [InlineData("{{ (1]] }}", 1, "closes nothing")]
    public void AMalformedTemplateIsNamedByItsLine(string source, int line, string expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => new ChatTemplate(source)).Message;
        Assert.Contains($"line {line}", message);
        Assert.Contains(expected, message);
    }

    [Theory]
    [InlineData("a\n{{ nothing.at_all }}", 2, "'nothing' is undefined")]
    [InlineData("{{ messages[0].nothing.more }}", 1, "'nothing' of a dictionary is undefined")]
    [InlineData("\n\n{{ 1 + 'a' }}", 3, "can't join")]
    [InlineData("{% for m in messages %}\n{{ m.text + 1 }}{% endfor %}", 2, "undefined")]
    [InlineData("{{ messages.append(1) }}", 1, "may not")]
    [InlineData("{{ 1 // 0 }}", 1, "division by zero")]
    [InlineData("{{ range(1000000) }}", 1, "100000")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "deep")]
    [InlineData("{% set x.y = 1 %}", 1, "namespace")]
    [InlineData("{{ 'a' * 100000000 }}", 1, "characters")]
    public void AnEvaluationErrorIsNamedByItsLine(string source, int line, string expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => new ChatTemplate(source).Render(Conversation)).Message;
        Assert.Contains($"line {line}", message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public void TheTemplateCanRefuseAConversation()
    {
        ChatTemplate template = new("\n{% if messages[0].role != 'user' %}{{ raise_exception('Begin with the user!') }}{% endif %}");
        string message = Assert.Throws<InvalidDataException>(() => template.Render(Conversation)).Message;
        Assert.Contains("Begin with the user!", message);
        Assert.Contains("line 2", message);
    }

    [Fact]
    public void TheClockIsReadByStrftimeNow()
    {
        ChatTemplate template = new("{{ strftime_now('%d %b %Y %H:%M:%S %-d %A %j %%') }}") { Clock = new StoppedClock() };
        Assert.Equal("05 Nov 2026 03:04:09 5 Thursday 309 %", template.Render([]));
    }

    [Fact]
    public void VariablesComeFromJson()
    {
        JsonObject variables = JsonNode.Parse("""{"tools": [{"b": 1, "a": [1.5, null, "知"]}], "bos_token": "<s>"}""")!.AsObject();
        Assert.Equal(
            """<s>[{"b": 1, "a": [1.5, null, "知"]}]""",
            new ChatTemplate("{{ bos_token }}{{ tools | tojson }}").Render([], variables: variables));
    }

    [Fact]
    public void NestingBeyondReasonIsRefused()
    {
        string deep = "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}";
        Assert.Contains("nested", Assert.Throws<InvalidDataException>(() => new ChatTemplate(deep)).Message);
        string wide = "{{ " + string.Join(" + ", Enumerable.Repeat("1", 200_000)) + " }}";
        Assert.Throws<InvalidDataException>(() => new ChatTemplate(wide).Render([]));
    }

    [Fact]
    public void AnyTextIsATemplateOrOneSentence() =>
        Gen.String[Gen.OneOf(Gen.Char["{}%#- \n()|'x1.,"], Gen.Char['a', 'z']), 0, 30].Sample(source =>
        {
            try
            {
                new ChatTemplate(source).Render(Conversation);
            }
            catch (InvalidDataException error)
            {
                Assert.Contains("line", error.Message);
            }
        }, iter: 20_000);

    private sealed class StoppedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 5, 3, 4, 9, TimeSpan.Zero);
    }
}

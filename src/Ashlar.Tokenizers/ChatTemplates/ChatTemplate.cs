using System.Text.Json.Nodes;
using Ashlar.Tokenizers.ChatTemplates.Jinja;

namespace Ashlar.Tokenizers.ChatTemplates;

/// <summary>
/// A chat template as Hugging Face's <c>tokenizer_config.json</c> holds it: a Jinja program that writes a conversation
/// as the text a model was trained on. Rendering follows the settings of Hugging Face's tools: <c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, loop controls, <c>generation</c> blocks, <c>raise_exception</c>, <c>strftime_now</c> and a
/// <c>tojson</c> that keeps the order of keys. Safe to use from several threads.
/// </summary>
public sealed class ChatTemplate
{
    private const string ChatMlSource =
        """
        {%- for message in messages -%}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}
        {{- '<|im_start|>assistant\n' -}}
        {%- endif -%}
        """;

    private readonly IReadOnlyList<JinjaStatement> _statements;

    /// <summary>Parses a template.</summary>
    /// <param name="jinja">The template's source.</param>
    /// <exception cref="InvalidDataException">It is not well formed; the sentence names the line.</exception>
    public ChatTemplate(string jinja)
    {
        Source = jinja;
        _statements = Guard(() => JinjaParser.Parse(jinja));
    }

    /// <summary>
    /// ChatML: every turn is <c>&lt;|im_start|&gt;role\ncontent&lt;|im_end|&gt;\n</c>. The template of the chat models trained here.
    /// </summary>
    public static ChatTemplate ChatMl { get; } = new(ChatMlSource);

    /// <summary>The Jinja source, as it goes into <c>tokenizer_config.json</c>.</summary>
    public string Source { get; }

    /// <summary>The clock that <c>strftime_now</c> reads.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Writes a conversation as text.</summary>
    /// <param name="messages">The turns, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether to end with the header of an assistant's turn, for the model to go on.</param>
    /// <param name="variables">
    /// What else the template may read: <c>bos_token</c>, <c>eos_token</c>, <c>tools</c>, <c>enable_thinking</c>, ...
    /// </param>
    /// <exception cref="InvalidDataException">The template refuses the conversation or fails; the sentence names the line.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false, JsonObject? variables = null) =>
        Run(messages, addGenerationPrompt, variables).Text;

    /// <summary>Writes a finished conversation and tells which characters the assistant wrote, end-of-turn tokens included.</summary>
    /// <param name="messages">The turns, oldest first.</param>
    /// <param name="variables">As in <see cref="Render"/>.</param>
    /// <exception cref="InvalidDataException">The template fails, or rewrites replies so that they can't be found again.</exception>
    public RenderedChat RenderWithReplies(IReadOnlyList<ChatMessage> messages, JsonObject? variables = null)
    {
        (string text, IReadOnlyList<(int Start, int End)> generated) = Run(messages, false, variables);
        if (generated.Count > 0)
            return new RenderedChat(text, [.. generated.Select(span => new CharacterSpan(span.Start, span.End - span.Start))]);
        return new RenderedChat(text, new ReplyLocator(this, messages, variables).Locate(text));
    }

    private (string Text, IReadOnlyList<(int Start, int End)> Generated) Run(
        IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, JsonObject? variables)
    {
        JinjaScope scope = new(JinjaGlobals.NewScope(Clock));
        foreach ((string name, JsonNode? value) in variables ?? [])
            scope[name] = JinjaValues.FromJson(value);
        scope["messages"] = new JinjaList([.. messages.Select(ToValue)]);
        scope["add_generation_prompt"] = addGenerationPrompt;
        return Guard(() => JinjaEvaluator.Render(_statements, scope));
    }

    private static JinjaDictionary ToValue(ChatMessage message)
    {
        JinjaDictionary value = new();
        value.Items["role"] = message.Role;
        value.Items["content"] = message.Content;
        foreach ((string name, JsonNode? field) in message.Fields ?? [])
            value.Items.TryAdd(name, JinjaValues.FromJson(field));
        return value;
    }

    private static T Guard<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (JinjaException error) when (error.RaisedByTemplate)
        {
            throw new InvalidDataException($"The chat template refuses the conversation (line {error.Line}): {error.Message}", error);
        }
        catch (JinjaException error)
        {
            throw new InvalidDataException($"The chat template fails at line {error.Line}: {error.Message}.", error);
        }
        catch (InsufficientExecutionStackException error)
        {
            throw new InvalidDataException("The chat template nests deeper than the stack allows.", error);
        }
    }
}

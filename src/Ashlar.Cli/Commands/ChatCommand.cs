using System.CommandLine;
using Ashlar.Inference;
using Ashlar.Inference.Chat;
using Ashlar.Inference.Decoding;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar chat MODEL</c>: a conversation in the terminal.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        Command command = new("chat", "Talk to a model: /reset, /system TEXT, /save FILE, /quit.");
        Argument<string> model = SamplingChoice.Model();
        Option<string?> system = new("--system") { Description = "System prompt." };
        command.Add(model);
        command.Add(system);
        SamplingChoice sampling = new(command, temperature: 0, tokens: 200);
        command.SetAction(parsed =>
        {
            using LoadedModel loaded = LoadedModel.Load(parsed.GetRequiredValue(model));
            IChatFormat format = loaded.Chat
                ?? throw new InvalidDataException($"{parsed.GetValue(model)}: the tokenizer has no chat format; expected a model fine-tuned on dialogues (or use ashlar generate).");
            using ChatSession session = new(loaded.Model, loaded.Tokenizer, format, parsed.GetValue(system));
            Talk(session, sampling.Read(parsed), Console.In, parsed.InvocationConfiguration.Output, Console.IsInputRedirected);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Talk(ChatSession session, GenerationOptions options, TextReader input, TextWriter output, bool quiet)
    {
        while (true)
        {
            if (!quiet)
                output.Write("> ");
            string? line = input.ReadLine();
            if (line is null or "/quit" or "/exit")
                return;
            if (line.Length == 0)
                continue;
            if (line[0] == '/')
            {
                Command(session, line, output);
                continue;
            }

            ChatReply reply = session.Send(line, options);
            if (reply.NewlyForgottenCount > 0)
                output.WriteLine($"(the context is full: the oldest {reply.NewlyForgottenCount} messages are left out)");
            foreach (GeneratedPiece piece in reply.Pieces)
            {
                output.Write(piece.Text);
                output.Flush();
            }

            output.WriteLine();
        }
    }

    private static void Command(ChatSession session, string line, TextWriter output)
    {
        string[] words = line.Split(' ', 2);
        switch (words)
        {
            case ["/reset"]:
                session.Reset();
                output.WriteLine("(a new conversation)");
                break;
            case ["/system", { } text]:
                session.SystemPrompt = text;
                output.WriteLine("(system prompt set)");
                break;
            case ["/save", { Length: > 0 } file]:
                session.ToHistory().Save(file);
                output.WriteLine($"(saved to {file})");
                break;
            default:
                output.WriteLine("(commands: /reset, /system TEXT, /save FILE, /quit)");
                break;
        }
    }
}

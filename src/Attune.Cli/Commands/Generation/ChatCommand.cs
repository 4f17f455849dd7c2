using System.CommandLine;
using Attune.Cli.Screens;
using Attune.Cli.Serving;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Text.Templates;
using Attune.Training.Serving;
using Spectre.Console;

namespace Attune.Cli.Commands.Generation;

/// <summary><c>attune chat</c></summary>
internal sealed class ChatCommand
{
    private const string Commands = """
        /reset          forget what was said; the system message stays
        /system [TEXT]  show the system message, or set it; /system none removes it
        /save FILE      write the conversation, one line of JSON that attune reads as data
        /help           this list
        /exit           end the program, as Ctrl-D and Ctrl-C do; Ctrl-C within an answer ends the answer
        //TEXT          a message that begins with a slash
        """;

    private static readonly Option<string> Model = Arguments.Model();
    private static readonly Option<string?> SystemMessage = new("--system") { Description = "the system message", HelpName = "TEXT" };
    private static readonly Option<string?> Template = Arguments.Template();
    private static readonly SamplingArguments Sampling = new(longest: 512, "answer");
    private static readonly Option<int> Context = Arguments.Count(
        "--context",
        "most tokens of the conversation that the model reads, up to its own limit",
        new ServingOptions().Context
    );
    private static readonly Option<string> Type = Arguments.KernelType();
    private static readonly Option<ulong> Seed = Arguments.Seed();

    private readonly ChatSession _session;

    private ChatCommand(ChatSession session) => _session = session;

    /// <param name="onInterrupt">Takes what Ctrl-C does once in place of ending the program; null for nothing.</param>
    public static Command Create(Action<Action?> onInterrupt)
    {
        var command = new Command(
            "chat",
            "Talk with a model in the terminal, in its chat template. With input from a pipe, every line is a message.\n\n"
                + "In the conversation:\n"
                + string.Join('\n', Commands.Split('\n').Select(line => "  " + line))
                + "\n\nExamples:\n"
                + "  attune chat --model models/smollm2 --system \"Be brief.\" --type q4\n"
                + "  attune chat --model runs/dpo/final --temperature 0.7 --top-p 0.9\n"
                + "  attune chat --model models/smollm2 --greedy < questions.txt > answers.txt"
        );
        foreach (var option in (Option[])[Model, SystemMessage, Template, .. Sampling.All, Context, Type, Seed])
        {
            command.Add(option);
        }

        command.RequireAtLeast(Context, 2);
        command.SetAction((parsed, cancel) => ChatAsync(parsed, onInterrupt, cancel));
        return command;
    }

    private static async Task<int> ChatAsync(ParseResult parsed, Action<Action?> onInterrupt, CancellationToken cancel)
    {
        var sampling = Sampling.Of(parsed, end: null);
        if (sampling.Problems().FirstOrDefault() is { } problem)
        {
            throw new ConfigurationException(problem);
        }

        var options = new ServingOptions { Slots = 1, Context = parsed.GetValue(Context) };
        var type = parsed.GetRequiredValue(Type);
        using var model = ModelLoading.Load(parsed.GetRequiredValue(Model), parsed.GetValue(Template), options, type);
        var session = new ChatSession(model, sampling, new Seed(parsed.GetValue(Seed)), onInterrupt);
        session.History.System = parsed.GetValue(SystemMessage);
        var isPerson = !Terminal.IsInputRedirected;
        if (isPerson)
        {
            Terminal.Messages.MarkupLineInterpolated($"Chat with [bold]{model.Name}[/]. /help lists what else there is.");
        }

        await new ChatCommand(session).RunAsync(isPerson, cancel);
        return 0;
    }

    /// <summary>Until the input ends, or the user does.</summary>
    /// <param name="isPerson">There is someone who can say it otherwise: a mistake is told, and the conversation goes on.</param>
    private async Task RunAsync(bool isPerson, CancellationToken cancel)
    {
        while (await ReadLineAsync(isPerson, cancel) is { } line)
        {
            try
            {
                if (line.StartsWith('/') && !line.StartsWith("//", StringComparison.Ordinal))
                {
                    if (!Obey(line.Trim()))
                    {
                        return;
                    }
                }
                else if (line.Trim().Length > 0)
                {
                    await _session.AnswerAsync(line.StartsWith('/') ? line[1..] : line, cancel);
                }
            }
            catch (Exception mistake) when (isPerson && mistake is AttuneException or IOException or UnauthorizedAccessException)
            {
                Terminal.Error(mistake.Message);
            }
        }
    }

    /// <remarks>Waiting for a line cannot be cancelled, so a thread waits and is abandoned on cancellation.</remarks>
    private static Task<string?> ReadLineAsync(bool isPerson, CancellationToken cancel)
    {
        if (isPerson)
        {
            Terminal.Messages.Markup("[bold]>[/] ");
        }

        return Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancel);
    }

    /// <returns>False where the conversation is over.</returns>
    private bool Obey(string line)
    {
        var (name, rest) = line.Split(' ', 2) is [var first, var second] ? (first, second.Trim()) : (line, "");
        switch (name)
        {
            case "/exit" or "/quit":
                return false;
            case "/reset":
                _session.Reset();
                break;
            case "/system":
                SetSystem(rest);
                break;
            case "/save":
                Save(rest);
                break;
            case "/help":
                Terminal.Messages.WriteLine(Commands);
                break;
            default:
                string[] known = ["/reset", "/system", "/save", "/help", "/exit"];
                throw new ConfigurationException(
                    $"there is no {name} here; there are {string.Join(", ", known)}.{Suggestion.For(name, known)} "
                        + "A message that begins with a slash begins with two."
                );
        }

        return true;
    }

    private void SetSystem(string text)
    {
        var history = _session.History;
        if (text.Length > 0)
        {
            history.System = text == "none" ? null : text;
        }

        Terminal.Messages.MarkupLineInterpolated($"[grey]system message: {history.System ?? "none"}[/]");
    }

    private void Save(string path)
    {
        var messages = _session.History.Messages;
        if (path.Length == 0 || messages.IsEmpty)
        {
            throw new ConfigurationException(path.Length == 0 ? "/save needs a file: /save chat.jsonl." : "nothing was said yet.");
        }

        var said = messages.Select(m => new { role = RoleNames.Of(m.Role), content = m.Content });
        AtomicFile.WriteText(path, JsonOutput.Line(new { messages = said }) + "\n");
        Terminal.Messages.MarkupLineInterpolated($"[grey]saved in {path}[/]");
    }
}

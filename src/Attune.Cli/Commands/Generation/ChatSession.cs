using System.Diagnostics;
using System.Globalization;
using System.Text;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Spectre.Console;

namespace Attune.Cli.Commands.Generation;

/// <summary>
/// A conversation with a model at the terminal. Answers go to standard output as they are drawn; figures and notes go to standard error.
/// </summary>
/// <param name="sampling">The longest answer is cut to what the context leaves.</param>
/// <param name="onInterrupt">Takes what Ctrl-C does once in place of ending the program; null for nothing.</param>
internal sealed class ChatSession(ICompletionModel model, SamplingOptions sampling, Seed seed, Action<Action?> onInterrupt)
{
    // An answer is given at least this share of the context, where it may be so long: for it, old turns are dropped.
    private const int ShareOfAnswer = 4;

    private int _answers;
    private bool _hasDropped;

    public ChatHistory History { get; } = new();

    /// <summary>Forgets what was said, but not the system message.</summary>
    public void Reset()
    {
        History.Restore([]);
        _hasDropped = false;
    }

    /// <summary>Answers a message. Ctrl-C ends the answer, and what was drawn of it counts.</summary>
    /// <exception cref="AttuneException">It cannot be answered; the conversation is as it was before.</exception>
    public async Task AnswerAsync(string message, CancellationToken cancel)
    {
        var before = History.Turns;
        History.Ask(message);
        try
        {
            var prompt = Fit();
            var options = sampling with { MaxNewTokens = Math.Min(sampling.MaxNewTokens, model.ContextLength - prompt.Tokens.Length) };
            var request = new CompletionRequest(prompt, options, seed.For("chat", _answers++));
            History.Answer(await WriteAsync(request, cancel));
        }
        catch (Exception)
        {
            History.Restore(before);
            throw;
        }
    }

    /// <summary>The conversation as the model reads it, without so many of the oldest turns that an answer has room.</summary>
    private EncodedPrompt Fit()
    {
        var least = Math.Min(sampling.MaxNewTokens, model.ContextLength / ShareOfAnswer);
        var prompt = Encode();
        var drops = false;
        while (prompt.Tokens.Length + least > model.ContextLength && History.DropOldest())
        {
            drops = true;
            prompt = Encode();
        }

        if (prompt.Tokens.Length >= model.ContextLength)
        {
            throw new DataException(
                $"the message has {prompt.Tokens.Length} tokens with what the template adds, and the model can read and write "
                    + $"{model.ContextLength} in all. Say it more briefly, or give a larger --context where the model has one."
            );
        }

        if (drops && !_hasDropped)
        {
            _hasDropped = true;
            var note = $"The conversation outgrew the {model.ContextLength} tokens that the model reads: its oldest turns are left out.";
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{note}[/]");
        }

        return prompt;
    }

    private EncodedPrompt Encode() => model.Encode(new Prompt.Chat(History.Messages));

    /// <returns>What was written.</returns>
    private async Task<string> WriteAsync(CompletionRequest request, CancellationToken cancel)
    {
        using var answer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        onInterrupt(answer.Cancel);
        var text = new StringBuilder();
        var (pieces, tokens) = (0, 0);
        var clock = Stopwatch.StartNew();
        var reading = TimeSpan.Zero;
        try
        {
            await foreach (var piece in model.CompleteAsync(request, answer.Token))
            {
                reading = pieces++ == 0 ? clock.Elapsed : reading;
                tokens = piece.End?.Tokens ?? tokens;
                Console.Out.Write(Printable(text.Length == 0 ? piece.Text.TrimStart() : piece.Text));
                text.Append(text.Length == 0 ? piece.Text.TrimStart() : piece.Text);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Ctrl-C ended the answer, not the conversation.
        }
        finally
        {
            onInterrupt(null);
            Console.Out.WriteLine();
        }

        Terminal.Messages.MarkupLineInterpolated($"[grey]{Figures(tokens, clock.Elapsed, reading)}[/]");
        return text.ToString().TrimEnd();
    }

    /// <summary>Tokens and their rate, the first token, which waits for the reading of the prompt, not counted in the rate.</summary>
    private static string Figures(int tokens, TimeSpan all, TimeSpan reading) =>
        tokens == 0 ? "stopped"
        : tokens == 1 ? "1 token"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{tokens} tokens, {(tokens - 1) / Math.Max(1e-6, (all - reading).TotalSeconds):0.0} tokens/s"
        );

    /// <summary>Without what a terminal would obey.</summary>
    private static string Printable(string text) => text.Any(IsControl) ? string.Concat(text.Where(c => !IsControl(c))) : text;

    private static bool IsControl(char c) => char.IsControl(c) && c is not '\n' and not '\t';
}

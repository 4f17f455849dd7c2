using System.CommandLine;
using System.Globalization;
using System.Text;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Tokens;
using Attune.Models.Files;
using Attune.Text.Tokenizers;
using Attune.Training.Batches;
using Attune.Training.Tokens;
using Spectre.Console;

namespace Attune.Cli.Commands.Tokens;

/// <summary><c>attune evaluate</c></summary>
internal static class EvaluateCommand
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Option<string> Model = Arguments.Model();
    private static readonly Option<string> TextFile = new("--text")
    {
        Description = "UTF-8 text file; each line is scored by itself. With --per-token rows of JSON",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<bool> Json = Arguments.Json(
        "print one JSON object a line: line, tokens, nll_sum, nll_mean, token_ids, log_probs"
    );

    private static readonly Option<bool> PerToken = new("--per-token")
    {
        Description =
            "rows {\"text\": ...}, {\"messages\": [...]} or {\"ids\": [...]}, with nothing put before them; print one JSON "
            + "object a row: ids, and log_probs of all but the first. Needs --json",
    };
    private static readonly Option<bool> Spellings = TokenizeCommand.SpecialSpellings();

    private static readonly Option<string?> Template = Arguments.Template("of messages with --per-token: ");

    public static Command Create()
    {
        var command = new Command(
            "evaluate",
            "Measure how likely a model finds each line of a text: its tokens, and their summed and mean negative log-likelihood in nats. "
                + "A begin token precedes each line if the model has one; otherwise the first token is read but not predicted.\n\n"
                + "Examples:\n"
                + "  attune evaluate --model embedded --text reviews.txt --json\n"
                + "  attune evaluate --model model.gguf --text rows.jsonl --per-token --json"
        )
        {
            Model,
            TextFile,
            PerToken,
            Spellings,
            Template,
            Json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(PerToken) && !result.GetValue(Json))
            {
                result.AddError("--per-token prints JSON only: give --json too.");
            }

            if (result.GetValue(Template) is not null && !result.GetValue(PerToken))
            {
                result.AddError("--template is for rows of JSON: give --per-token too.");
            }

            if (result.GetValue(Spellings) && !result.GetValue(PerToken))
            {
                result.AddError("--special-spellings is for rows of JSON: give --per-token too.");
            }
        });
        command.SetAction(Evaluate);
        return command;
    }

    private static int Evaluate(ParseResult parsed)
    {
        NativeSetup.LoadTorch();
        var folder = EmbeddedModel.Resolve(parsed.GetRequiredValue(Model));
        if (parsed.GetValue(PerToken))
        {
            TokenLogProbs.Print(folder, parsed.GetRequiredValue(TextFile), parsed.GetValue(Spellings), parsed.GetValue(Template));
            return 0;
        }

        var tokenizer = ModelTokenizer.Load(folder).Tokenizer;
        var path = parsed.GetRequiredValue(TextFile);
        var lines = ReadLines(path);
        using var model = ModelFiles.LoadLanguageModel(folder);
        var sequences = lines.Select(l => Encode(tokenizer, l.Text, $"{path}, line {l.Number}", model.Config.ContextLength)).ToArray();
        Print(AnswerLogProbs.Of(model, sequences), sequences, [.. lines.Select(l => l.Number)], parsed.GetValue(Json));
        return 0;
    }

    /// <summary>Lines with text, under the numbers that they have in the file; the empty ones are counted.</summary>
    private static (int Number, string Text)[] ReadLines(string path)
    {
        try
        {
            var all = File.ReadAllLines(path, StrictUtf8);
            (int Number, string Text)[] lines = [.. all.Index().Where(l => l.Item.Length > 0).Select(l => (l.Index + 1, l.Item))];
            if (lines.Length == 0)
            {
                throw new DataException($"{path} is empty; expected lines of text.");
            }

            if (lines.Length < all.Length)
            {
                Terminal.Messages.MarkupLineInterpolated($"{path}: {all.Length - lines.Length} left out: an empty line");
            }

            return lines;
        }
        catch (DecoderFallbackException)
        {
            throw new DataException($"{path} is not UTF-8 text. Save it as UTF-8.");
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(path))
        {
            throw new DataException($"{path} is a folder; expected a text file, each line a text.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {problem.Message}");
        }
    }

    private static TokenSequence Encode(ITokenizer tokenizer, string line, string place, int context)
    {
        var tokens = tokenizer.Encode(line);
        if (tokenizer.BeginToken is { } begin)
        {
            tokens = tokens.Insert(0, begin);
        }

        if (tokens.Length > context)
        {
            throw new DataException($"{place}: {tokens.Length} tokens, but the model reads {context}. Shorten the line.");
        }

        return tokens.Length > 1
            ? new TokenSequence(tokens, 1)
            : throw new DataException($"{place}: {tokens.Length} tokens, of which none can be predicted. Remove the line.");
    }

    private static void Print(float[][] logProbs, TokenSequence[] sequences, int[] numbers, bool json)
    {
        var (sum, count) = (0.0, 0);
        for (var i = 0; i < sequences.Length; i++)
        {
            var nll = -logProbs[i].Sum(p => (double)p);
            (sum, count) = (sum + nll, count + logProbs[i].Length);
            Console.Out.WriteLine(json ? AsJson(numbers[i], nll, logProbs[i], sequences[i]) : AsText(numbers[i], nll, logProbs[i].Length));
        }

        if (!json)
        {
            const string Format = "total  {0,5} tokens  {1,10:0.0000} nats  {2,8:0.0000} a token  perplexity {3:0.000}";
            Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, Format, count, sum, sum / count, Math.Exp(sum / count)));
        }
    }

    private static string AsText(int line, double nll, int tokens)
    {
        const string Format = "{0,5}  {1,5} tokens  {2,10:0.0000} nats  {3,8:0.0000} a token";
        return string.Format(CultureInfo.InvariantCulture, Format, line, tokens, nll, nll / tokens);
    }

    private static string AsJson(int line, double nll, float[] logProbs, TokenSequence sequence) =>
        JsonOutput.Line(
            new
            {
                line,
                tokens = logProbs.Length,
                nll_sum = nll,
                nll_mean = nll / logProbs.Length,
                token_ids = sequence.Answer.ToArray(),
                log_probs = logProbs,
            }
        );
}

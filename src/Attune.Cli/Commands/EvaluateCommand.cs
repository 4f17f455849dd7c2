using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Tokens;
using Attune.Models.Files;
using Attune.Recipes.Sources;
using Attune.Text.Tokenizers;
using Attune.Training.Batches;
using Attune.Training.Tokens;

namespace Attune.Cli.Commands;

/// <summary><c>attune evaluate</c></summary>
internal static class EvaluateCommand
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Create()
    {
        var model = Arguments.Model();
        var text = new Option<string>("--text")
        {
            Description = "UTF-8 text file; each line is judged by itself",
            HelpName = "FILE",
            Required = true,
        };
        var json = Arguments.Json("one JSON object a line: line, tokens, nll_sum, nll_mean, token_ids, log_probs");
        var command = new Command(
            "evaluate",
            "How likely a model finds the lines of a text: tokens, and their summed and mean negative log-likelihood in nats. "
                + "The begin token is put before each line "
                + "where the model has one; without one, the first token is read but not predicted.\n\nExample: attune evaluate "
                + "--model embedded --text reviews.txt --json"
        )
        {
            model,
            text,
            json,
        };
        command.SetAction(
            (parsed, _) =>
            {
                NativeSetup.LoadTorch();
                var folder = EmbeddedModel.Resolve(parsed.GetValue(model)!);
                var tokenizer = ModelTokenizer.Load(folder).Tokenizer;
                var path = parsed.GetValue(text)!;
                var lines = ReadLines(path);
                using var language = ModelFiles.LoadLanguageModel(folder);
                var sequences = lines
                    .Select((line, i) => Encode(tokenizer, line, $"{path}, line {i + 1}", language.Config.ContextLength))
                    .ToArray();
                Print(AnswerLogProbs.Of(language, sequences), sequences, parsed.GetValue(json));
                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path, StrictUtf8) is { Length: > 0 } lines
                ? lines
                : throw new DataException($"{path} is empty; expected lines of text.");
        }
        catch (DecoderFallbackException)
        {
            throw new DataException($"{path} is not UTF-8 text. Save it as UTF-8.");
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
            throw new DataException($"{place}: {tokens.Length} tokens, but the model reads {context}. Break the line.");
        }

        return tokens.Length > 1
            ? new TokenSequence(tokens, 1)
            : throw new DataException($"{place}: {tokens.Length} tokens, of which none can be predicted. Remove the line.");
    }

    private static void Print(float[][] logProbs, TokenSequence[] sequences, bool json)
    {
        var (sum, count) = (0.0, 0);
        for (var i = 0; i < sequences.Length; i++)
        {
            var nll = -logProbs[i].Sum(p => (double)p);
            (sum, count) = (sum + nll, count + logProbs[i].Length);
            Console.Out.WriteLine(
                json
                    ? JsonSerializer.Serialize(
                        new
                        {
                            line = i + 1,
                            tokens = logProbs[i].Length,
                            nll_sum = nll,
                            nll_mean = nll / logProbs[i].Length,
                            token_ids = sequences[i].Answer.ToArray(),
                            log_probs = logProbs[i],
                        },
                        Output.Json
                    )
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{i + 1, 5}  {logProbs[i].Length, 5} tokens  {nll, 10:0.0000} nats  {nll / logProbs[i].Length, 8:0.0000} a token"
                    )
            );
        }

        if (!json)
        {
            Console.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"total  {count, 5} tokens  {sum, 10:0.0000} nats  {sum / count, 8:0.0000} a token  perplexity "
                        + $"{Math.Exp(sum / count):0.000}"
                )
            );
        }
    }
}

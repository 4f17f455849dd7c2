using System.CommandLine;
using System.Globalization;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Inspection;
using Attune.Models.Files;
using Attune.Text.Templates;

namespace Attune.Cli.Commands.Data;

/// <summary><c>attune data inspect</c></summary>
internal static class InspectCommand
{
    private const int Shown = 200;

    private static readonly Argument<string> Source = new("file")
    {
        Description = "a data file, a folder of such files, a pattern like \"data/train-*.parquet\", or - for standard input",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Model = new("--model")
    {
        Description = "count lengths in the tokens of this model (folder, GGUF or embedded) instead of characters",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Against = new("--against")
    {
        Description = "another data file, such as an evaluation set: say how many rows stand in both",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Map = Arguments.Columns();
    private static readonly Option<int> Samples = Arguments.Count("--samples", "rows to show, drawn at random", 3);
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "inspect",
            "Say what a data set holds: which kinds of rows, how many, how long, what is left out and why, what is repeated, and a few "
                + "samples.\n\n"
                + "Examples:\n"
                + "  attune data inspect preferences.jsonl\n"
                + "  attune data inspect train.parquet --model models/smollm2.gguf --against test.parquet\n"
                + "  attune data inspect answers.csv --columns prompt=question,completion=reply"
        )
        {
            Source,
            Model,
            Against,
            Map,
            Samples,
            Seed,
            Json,
        };
        command.SetAction(Inspect);
        return command;
    }

    private static int Inspect(ParseResult parsed)
    {
        var tokenizer = parsed.GetValue(Model) is { } model ? ChatText.Load(EmbeddedModel.Resolve(model)).Tokenizer : null;
        var inspection = DatasetInspection.Of(
            parsed.GetRequiredValue(Source),
            parsed.ColumnsOf(Map),
            tokenizer is null ? null : text => tokenizer.Encode(text).Length,
            parsed.GetValue(Against),
            parsed.GetValue(Samples),
            new Seed(parsed.GetValue(Seed))
        );
        Console.Out.WriteLine(parsed.GetValue(Json) ? JsonOutput.Line(Printable(inspection)) : string.Join('\n', Lines(inspection)));
        return 0;
    }

    private static object Printable(DatasetInspection found) =>
        new
        {
            found.File,
            kinds = found.Kinds.ToDictionary(k => k.Kind.ToString(), k => k.Rows),
            left_out = found.Dropped.ToDictionary(d => d.Reason, d => d.Count),
            found.Notes,
            found.LengthUnit,
            found.Lengths,
            found.Roles,
            found.Repeated,
            found.RepeatedPrompts,
            found.Overlap,
            samples = found.Samples.Select(Sample),
        };

    private static object Sample(RowTexts row) =>
        new
        {
            prompt = row.Prompt switch
            {
                Prompt.Chat chat => (object)
                    chat.Messages.Select(m => new { role = m.Role.ToString().ToLowerInvariant(), content = m.Said() }),
                Prompt.Text text => text.Value,
                _ => null,
            },
            texts = row.Parts.Select(p => new { name = p.Name, text = p.Text }),
        };

    private static IEnumerable<string> Lines(DatasetInspection found)
    {
        var (kind, rows) = found.Kinds[0];
        yield return $"{found.File}: {Count(rows, "row")}, {RowFormats.Describe(kind)}";
        foreach (var (other, count) in found.Kinds.Skip(1))
        {
            yield return $"  also {Count(count, "row")} of {RowFormats.Describe(other)}";
        }

        foreach (var line in found.Dropped.Select(d => d.ToString()).Concat(found.Notes))
        {
            yield return $"  {line}";
        }

        yield return "";
        yield return Columns(found.LengthUnit, "shortest", "median", "90 %", "longest");
        foreach (var l in found.Lengths)
        {
            yield return Columns(l.Name, Number(l.Shortest), Number(l.Median), Number(l.NinetyPercent), Number(l.Longest));
        }

        yield return "";
        foreach (var line in Repetitions(found))
        {
            yield return $"  {line}";
        }

        foreach (var (sample, i) in found.Samples.Select((s, i) => (s, i)))
        {
            yield return $"\n  sample {i + 1}";
            foreach (var (name, text) in Texts(sample))
            {
                yield return $"    {name.PadRight(11)} {Short(text)}";
            }
        }
    }

    private static IEnumerable<string> Repetitions(DatasetInspection found)
    {
        if (!found.Roles.IsEmpty)
        {
            yield return "messages in prompts: " + string.Join(", ", found.Roles.Select(r => $"{Number(r.Value)} {r.Key}"));
        }

        yield return $"{Count(found.Repeated, "row")} repeated, {Count(found.RepeatedPrompts, "row")} with the prompt of an earlier one";
        if (found.Overlap is { } overlap)
        {
            yield return $"in common with {overlap.File}: {Count(overlap.Rows, "whole row")}, {Count(overlap.Prompts, "prompt")}, "
                + $"{Count(overlap.SharedWords, "row")} with a run of 13 words (decontaminate leaves such rows out)";
        }
    }

    private static IEnumerable<(string Name, string Text)> Texts(RowTexts row)
    {
        IEnumerable<(string, string)> prompt = row.Prompt switch
        {
            Prompt.Chat chat => chat.Messages.Select(m => (m.Role.ToString().ToLowerInvariant(), m.Said())),
            Prompt.Text text => [("prompt", text.Value)],
            _ => [],
        };
        return prompt.Concat(row.Parts);
    }

    private static string Columns(string name, params string[] cells) =>
        $"  {name.PadRight(12)}{string.Concat(cells.Select(c => c.PadLeft(10)))}";

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings("\u23ce");
        return line.Length <= Shown ? line : line[..(Shown - 1)] + "\u2026";
    }

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Count(int count, string noun) => $"{Number(count)} {noun}{(count == 1 ? "" : "s")}";
}

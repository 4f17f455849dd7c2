using System.Collections.Immutable;
using System.CommandLine;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Order;

namespace Attune.Cli.Commands.Data;

/// <summary><c>attune data convert</c></summary>
internal static class ConvertCommand
{
    private static readonly Option<string?> Positive = new("--positive")
    {
        Description = "text file with one desirable answer a line",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Negative = new("--negative")
    {
        Description = "text file with one undesirable answer a line",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Instructions = new("--instructions")
    {
        Description = "JSON array of {instruction, input, chosen, rejected}, to become preference pairs",
        HelpName = "FILE",
    };
    private static readonly Option<string> Encoding = new("--encoding")
    {
        Description = "encoding of the text files, e.g. utf-8 or latin-1",
        HelpName = "NAME",
        DefaultValueFactory = _ => "utf-8",
    };
    private static readonly Option<double> HeldOut = new("--held-out")
    {
        Description =
            "share of the rows to write to a second file, NAME-held-out.jsonl, chosen by a hash of the text (pairs: of the prompt)",
        HelpName = "NUMBER",
    };
    private static readonly Option<string> Target = Arguments.Target("dataset to write (.jsonl)", "FILE");

    public static Command Create()
    {
        var command = new Command(
            "convert",
            "Convert lines of labelled text to an unpaired-preference dataset, or instructions with two answers to preference pairs.\n\n"
                + "Examples:\n"
                + "  attune data convert --positive good.txt --negative bad.txt --held-out 0.1 --out verdicts.jsonl\n"
                + "  attune data convert --instructions pairs.json --out preferences.jsonl"
        )
        {
            Positive,
            Negative,
            Instructions,
            Encoding,
            HeldOut,
            Target,
        };
        command.SetAction(Convert);
        return command;
    }

    private static int Convert(ParseResult parsed)
    {
        var (path, heldOut) = (parsed.GetRequiredValue(Target), parsed.GetValue(HeldOut));
        switch (parsed.GetValue(Positive), parsed.GetValue(Negative), parsed.GetValue(Instructions))
        {
            case ({ } good, { } bad, null):
                var encoding = parsed.GetRequiredValue(Encoding);
                Verdict[] verdicts =
                [
                    .. VerdictLines.Read(good, encoding, desirable: true),
                    .. VerdictLines.Read(bad, encoding, desirable: false),
                ];
                Write(path, Split.ByKey(verdicts, v => v.Answer, heldOut, new Seed(1)), Count);
                return 0;
            case (null, null, { } pairs):
                Write(path, Split.ByPrompt(InstructionPreferences.Read(pairs), heldOut, new Seed(1)), rows => $"{rows.Length} pairs");
                return 0;
            default:
                throw new ConfigurationException("data convert takes --positive and --negative, or --instructions.");
        }
    }

    private static string Count(ImmutableArray<Verdict> verdicts) =>
        $"{verdicts.Count(v => v.Desirable)} desirable and {verdicts.Count(v => !v.Desirable)} undesirable answers";

    private static void Write<T>(string path, SplitData<T> split, Func<ImmutableArray<T>, string> count)
    {
        void One(string file, ImmutableArray<T> rows)
        {
            DatasetFile.Write(file, rows);
            Console.Out.WriteLine($"{file}: {count(rows)}");
        }

        One(path, split.Training);
        if (!split.HeldOut.IsEmpty)
        {
            One(Path.ChangeExtension(path, null) + "-held-out.jsonl", split.HeldOut);
        }
    }
}

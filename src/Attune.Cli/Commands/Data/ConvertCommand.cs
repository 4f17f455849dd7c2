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
    private static readonly Option<bool> Force = OutputFile.Force();
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<bool> KeepOrder = new("--keep-order") { Description = "write the rows as they come, not shuffled" };

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
            Force,
            Seed,
            KeepOrder,
        };
        command.RequireShare(HeldOut);
        command.SetAction(Convert);
        return command;
    }

    private static int Convert(ParseResult parsed)
    {
        var (path, heldOut) = (parsed.GetRequiredValue(Target), parsed.GetValue(HeldOut));
        OutputFile.RequireNew(parsed.GetValue(Force), heldOut > 0 ? [path, HeldOutFile(path)] : [path]);
        var seed = new Seed(parsed.GetValue(Seed));
        switch (parsed.GetValue(Positive), parsed.GetValue(Negative), parsed.GetValue(Instructions))
        {
            case ({ } good, { } bad, null):
                var encoding = parsed.GetRequiredValue(Encoding);
                Verdict[] verdicts =
                [
                    .. VerdictLines.Read(good, encoding, desirable: true),
                    .. VerdictLines.Read(bad, encoding, desirable: false),
                ];
                Write(path, Ordered(parsed, Split.ByKey(verdicts, v => v.Answer, heldOut, seed), seed), Count);
                return 0;
            case (null, null, { } pairs):
                var split = Split.ByPrompt(InstructionPreferences.Read(pairs), heldOut, seed);
                Write(path, Ordered(parsed, split, seed), rows => $"{rows.Length} pairs");
                return 0;
            default:
                throw new ConfigurationException("data convert takes --positive and --negative, or --instructions.");
        }
    }

    private static string HeldOutFile(string path) => Path.ChangeExtension(path, null) + "-held-out.jsonl";

    /// <summary>Shuffled unless it is to stay as it is: the desirable answers come before the undesirable ones.</summary>
    private static SplitData<T> Ordered<T>(ParseResult parsed, SplitData<T> split, Seed seed) =>
        parsed.GetValue(KeepOrder) ? split : new(Shuffled(split.Training, seed), Shuffled(split.HeldOut, seed));

    private static ImmutableArray<T> Shuffled<T>(ImmutableArray<T> rows, Seed seed) =>
        [.. Shuffle.Order(seed.For("rows"), 0, rows.Length).Select(i => rows[i])];

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
            One(HeldOutFile(path), split.HeldOut);
        }
    }
}

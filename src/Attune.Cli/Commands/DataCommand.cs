using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Recipes.Sources;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Cli.Commands;

/// <summary><c>attune data</c></summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Look at data and convert it.") { Inspect(), Convert(), Sample() };

    private static Command Inspect()
    {
        var file = new Argument<string>("file") { Description = "a .jsonl, .json or .txt file, also packed (.gz)", HelpName = "FILE" };
        var command = new Command(
            "inspect",
            "Which kind of rows a file holds, how many, and what is wrong with them.\n\nExample: attune data inspect preferences.jsonl"
        )
        {
            file,
        };
        command.SetAction(
            (parsed, _) =>
            {
                var path = parsed.GetValue(file)!;
                var kind = DatasetFile.Detect(path);
                var (rows, dropped, notes) = DatasetCounts.Of(path, kind);
                Console.Out.WriteLine($"{path}: {kind}, {rows} rows");
                foreach (var line in dropped.Concat(notes))
                {
                    Console.Out.WriteLine($"  {line}");
                }

                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static Command Convert()
    {
        var positive = new Option<string?>("--positive") { Description = "text file, one desirable answer a line", HelpName = "FILE" };
        var negative = new Option<string?>("--negative") { Description = "text file, one undesirable answer a line", HelpName = "FILE" };
        var instructions = new Option<string?>("--instructions")
        {
            Description = "JSON array of {instruction, input, chosen, rejected}, to become preference pairs",
            HelpName = "FILE",
        };
        var encoding = new Option<string>("--encoding")
        {
            Description = "of the text files, e.g. utf-8 or latin-1",
            HelpName = "NAME",
            DefaultValueFactory = _ => "utf-8",
        };
        var target = new Option<string>("--out")
        {
            Description = "dataset to write (.jsonl)",
            HelpName = "FILE",
            Required = true,
        };
        var heldOut = new Option<double>("--held-out")
        {
            Description =
                "share of the rows to write to a second file, NAME-held-out.jsonl, chosen by a hash of the text (pairs: of the prompt)",
            HelpName = "NUMBER",
        };
        var command = new Command(
            "convert",
            "Labelled lines of text as an unpaired-preference dataset, or instructions with two answers as preference pairs.\n\n"
                + "Examples:\n  attune data convert --positive good.txt --negative bad.txt --held-out 0.1 --out verdicts.jsonl\n "
                + " attune data convert --instructions pairs.json --out preferences.jsonl"
        )
        {
            positive,
            negative,
            instructions,
            encoding,
            heldOut,
            target,
        };
        command.SetAction(
            (parsed, _) =>
            {
                var path = parsed.GetValue(target)!;
                switch (parsed.GetValue(positive), parsed.GetValue(negative), parsed.GetValue(instructions))
                {
                    case ({ } good, { } bad, null):
                        Verdict[] verdicts =
                        [
                            .. LabelledLines.Read(good, parsed.GetValue(encoding)!, desirable: true),
                            .. LabelledLines.Read(bad, parsed.GetValue(encoding)!, desirable: false),
                        ];
                        Write(path, Data.Order.Split.ByKey(verdicts, v => v.Answer, parsed.GetValue(heldOut), new Seed(1)), Count);
                        break;
                    case (null, null, { } pairs):
                        Write(
                            path,
                            Data.Order.Split.ByPrompt(InstructionRows.Read(pairs), parsed.GetValue(heldOut), new Seed(1)),
                            rows => $"{rows.Length} pairs"
                        );
                        break;
                    default:
                        throw new ConfigurationException("data convert takes --positive and --negative, or --instructions.");
                }

                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static string Count(ImmutableArray<Verdict> verdicts) =>
        $"{verdicts.Count(v => v.Desirable)} desirable and {verdicts.Count(v => !v.Desirable)} undesirable answers";

    private static void Write<T>(string path, Data.Order.SplitData<T> split, Func<ImmutableArray<T>, string> count)
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

    private static Command Sample()
    {
        var world = new Argument<string>("world") { Description = "which world: reviews", HelpName = "WORLD" };
        var count = new Option<int>("--count")
        {
            Description = "how many",
            HelpName = "N",
            DefaultValueFactory = _ => 10,
        };
        var (seed, json) = (Arguments.Seed(), Arguments.Json("one JSON object a line: prompt, answer, utility and its reasons"));
        var kind = new Option<string>("--kind")
        {
            Description = "demonstrations (prompt and review), reviews (as in pretraining), documents (raw texts)",
            HelpName = "KIND",
            DefaultValueFactory = _ => "demonstrations",
        };
        kind.AcceptOnlyFromAmong("demonstrations", "reviews", "documents");
        var command = new Command(
            "sample",
            "Draw from a built-in world, with the hidden utility of each review.\n\nExample: attune data sample reviews --count 20 --seed 1"
        )
        {
            world,
            kind,
            count,
            seed,
            json,
        };
        command.SetAction(
            (parsed, _) =>
            {
                var utility = Utilities.Named(parsed.GetValue(world)!);
                foreach (var (prompt, text) in Draw(parsed.GetValue(kind)!, new Seed(parsed.GetValue(seed)), parsed.GetValue(count)))
                {
                    var value = utility.Of(prompt, text);
                    var shown = parsed.GetValue(kind) == "demonstrations" ? prompt.Key + text : text;
                    Console.Out.WriteLine(
                        parsed.GetValue(json)
                            ? JsonSerializer.Serialize(
                                new
                                {
                                    prompt = prompt.Key,
                                    answer = text,
                                    utility = value.Total,
                                    reasons = value.Components.ToDictionary(c => c.Name, c => c.Contribution),
                                },
                                Output.Json
                            )
                            : FormattableString.Invariant($"{shown}\n[utility {value.Total:0.00}]\n")
                    );
                }

                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static IEnumerable<(Prompt Prompt, string Text)> Draw(string kind, Seed seed, int count) =>
        kind switch
        {
            "reviews" => ReviewWorld
                .Reviews(seed, count, ReviewSplit.Train, ReviewPlan.Pretraining)
                .Select(r => ((Prompt)r.Film.Prompt, r.Text)),
            "documents" => ReviewWorld.Documents(seed, count).Select(d => ((Prompt)d.Review.Film.Prompt, d.Text)),
            _ => ReviewWorld.Demonstrations(seed, count, ReviewSplit.Train).Select(d => (d.Prompt, d.Answer)),
        };
}

using System.CommandLine;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Recipes.Sources;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Cli.Commands.Data;

/// <summary><c>attune data sample</c></summary>
internal static class SampleCommand
{
    private const string Demonstrations = "demonstrations";

    private static readonly Argument<string> World = new("world") { Description = "which world: reviews", HelpName = "WORLD" };
    private static readonly Option<string> Kind = Arguments.WordOf(
        "--kind",
        "demonstrations (prompt and review), reviews (as in pretraining) or documents (raw texts)",
        Demonstrations,
        "reviews",
        "documents"
    );
    private static readonly Option<int> Count = Arguments.Count("--count", "how many to draw", 10);
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<bool> Json = Arguments.Json("print one JSON object a line: prompt, answer, utility and its reasons");

    public static Command Create()
    {
        var command = new Command(
            "sample",
            "Draw texts from a built-in world, with the hidden utility of each.\n\n"
                + "Example: attune data sample reviews --count 20 --seed 1"
        )
        {
            World,
            Kind,
            Count,
            Seed,
            Json,
        };
        command.SetAction(Sample);
        return command;
    }

    private static int Sample(ParseResult parsed)
    {
        var utility = Utilities.Named(parsed.GetRequiredValue(World));
        var kind = parsed.GetRequiredValue(Kind);
        foreach (var (prompt, text) in Draw(kind, new Seed(parsed.GetValue(Seed)), parsed.GetValue(Count)))
        {
            var value = utility.Of(prompt, text);
            var shown = kind == Demonstrations ? prompt.Key + text : text;
            Console.Out.WriteLine(
                parsed.GetValue(Json)
                    ? JsonOutput.Line(
                        new
                        {
                            prompt = prompt.Key,
                            answer = text,
                            utility = value.Total,
                            reasons = value.Components.ToDictionary(c => c.Name, c => c.Contribution),
                        }
                    )
                    : FormattableString.Invariant($"{shown}\n[utility {value.Total:0.00}]\n")
            );
        }

        return 0;
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

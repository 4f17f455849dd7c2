using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Text.Tokenizers;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Methods.Tests.Loop;

/// <summary>
/// Runs that TRL made on stories260K, step by step, and the means to repeat them: the rows in their tokens, and all rows as one update,
/// in the file's order.
/// </summary>
internal static class TrlRuns
{
    private const int Begin = 1;
    private const int End = 2;

    /// <summary>ATTUNE_WHOLE_GOLDENS=1: all ten steps of every run.</summary>
    private static readonly bool Whole = Environment.GetEnvironmentVariable("ATTUNE_WHOLE_GOLDENS") == "1";

    /// <summary>The first steps of a run, or all ten.</summary>
    /// <param name="all">For runs whose later steps do something new (a reference that moves again, a mean that goes on), and small ones:
    /// elsewhere each step stands on all before it, and ten take longer; ATTUNE_WHOLE_GOLDENS=1 takes them.</param>
    public static JsonElement[] Steps(string file, string name, bool all = false)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/" + file)));
        var root = document.RootElement;
        var steps = root.TryGetProperty("runs", out var runs)
            ? runs.GetProperty(name).GetProperty("steps")
            : root.GetProperty("steps").GetProperty(name);
        return [.. steps.Clone().EnumerateArray().Take(all || Whole ? 10 : 3)];
    }

    public static LanguageModel Model() => Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));

    /// <summary>An adapter as PEFT begins one: what it adds is 0.</summary>
    public static void ZeroOutputs(LanguageModel adapted)
    {
        using var scope = torch.NewDisposeScope();
        using var quiet = torch.no_grad();
        foreach (var (name, _) in adapted.Learner.Named.Where(p => p.Name.EndsWith(".lora_B", StringComparison.Ordinal)))
        {
            adapted.Learner.ExactOf(name).zero_();
        }

        adapted.Learner.Round();
    }

    /// <summary>The gold answer of a row is the chosen one of the next row.</summary>
    public static TokenPair[] Pairs()
    {
        JsonElement[] rows = [.. Rows("pairs.jsonl")];
        return
        [
            .. rows.Select(
                (r, i) =>
                    new TokenPair(Encode(r, "chosen"), Encode(r, "rejected"))
                    {
                        Gold = Encode(r.GetProperty("prompt").GetString()!, rows[(i + 1) % rows.Length].GetProperty("chosen").GetString()!),
                    }
            ),
        ];
    }

    public static (TokenSequence Sequence, bool Desirable)[] Verdicts() =>
        [.. Rows("kto.jsonl").Select(r => (Encode(r, "completion"), r.GetProperty("label").GetBoolean()))];

    /// <summary>The prompts with their chosen answers.</summary>
    public static TokenSequence[] Demonstrations() => [.. Rows("pairs.jsonl").Select(r => Encode(r, "chosen"))];

    /// <summary>The chosen answers alone, each a text to learn whole.</summary>
    public static TokenSequence[] Texts() =>
        [
            .. Rows("pairs.jsonl")
                .Select(r => new TokenSequence([Begin, .. Tokenizer.Value.Encode(r.GetProperty("chosen").GetString()!), End], 1)),
        ];

    /// <summary>As many updates of all items as TRL made steps.</summary>
    /// <param name="learningRate">Constant; Adam without decay, gradient norm at most 1.</param>
    public static async Task<RecordingObserver> RunAsync<T>(
        IObjective<T> objective,
        IReadOnlyList<T> items,
        int updates,
        UpdatePreparation<T>? preparation = null,
        MovingReference? moving = null,
        double learningRate = 1e-3
    )
    {
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<T>(
            objective,
            new InOrder<T>(items, updates, preparation, moving),
            new Schedule(ScheduleKind.Constant, learningRate, 0),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(16, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        return observer;
    }

    /// <summary>Every figure that both have, step by step.</summary>
    public static void Agree(JsonElement[] steps, RecordingObserver run, double tolerance, params string[] but)
    {
        Assert.Equal(steps.Length, run.Updates.Count);
        for (var step = 0; step < steps.Length; step++)
        {
            // At the start policy and reference are equal, and how often one exceeds the other is a matter of rounding.
            string[] skipped = step == 0 ? [.. but, "rewards/accuracies"] : but;
            foreach (var figure in steps[step].EnumerateObject().Where(f => !skipped.Contains(f.Name)))
            {
                var (expected, found) = (figure.Value.GetDouble(), run.Updates[step].Metrics.GetValueOrDefault(figure.Name, double.NaN));
                // Where two tokens are all but equally likely, the processor's rounding decides which of them is first: two in a thousand.
                var allowed = figure.Name == "mean_token_accuracy" ? Math.Max(tolerance, 0.0021) : tolerance;
                Assert.True(
                    Math.Abs(found - expected) <= allowed * Math.Max(1, Math.Abs(expected)),
                    $"{figure.Name} of step {step}: {found} where TRL has {expected}"
                );
            }
        }
    }

    private static IEnumerable<JsonElement> Rows(string file) =>
        File.ReadAllLines(SharedData.Require("golden/trl/" + file)).Select(line => JsonDocument.Parse(line).RootElement);

    /// <summary>Prompt and answer as one text; the answer begins where the tokens of both differ from the prompt's.</summary>
    private static TokenSequence Encode(JsonElement row, string field) =>
        Encode(row.GetProperty("prompt").GetString()!, row.GetProperty(field).GetString()!);

    private static TokenSequence Encode(string prompt, string answer)
    {
        var tokenizer = Tokenizer.Value;
        var alone = tokenizer.Encode(prompt);
        ImmutableArray<int> whole = [Begin, .. tokenizer.Encode(prompt + answer), End];
        var shared = alone.Zip(whole.Skip(1)).TakeWhile(t => t.First == t.Second).Count();
        return new TokenSequence(whole, 1 + shared);
    }

    private static readonly Lazy<ITokenizer> Tokenizer = new(() =>
        TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512)
    );

    private sealed class InOrder<T>(IReadOnlyList<T> items, int updates, UpdatePreparation<T>? preparation, MovingReference? moving)
        : IExperience<T>
    {
        public long PlannedUpdates => updates;

        public ValueTask<Round<T>?> NextAsync(Progress at, CancellationToken cancel)
        {
            if (at.Updates == updates)
            {
                return ValueTask.FromResult<Round<T>?>(null);
            }

            moving?.Follow(at.Updates);
            return ValueTask.FromResult<Round<T>?>(new Round<T>([preparation?.Learn(items) ?? items], items.Count));
        }
    }
}

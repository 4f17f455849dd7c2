// From labels to a reward model with the assemblies as libraries, without recipes. Run it from the root of the checkout:
//   dotnet run samples/labels.cs               a minute; prints how many held-out pairs the model orders as labelled
#:project ../src/Attune.Methods/Attune.Methods.csproj
#:property PublishAot=false
using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Text.Templates;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using Attune.Training.Rewards;
using Attune.Worlds.Annotators;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Vocabulary;

const string ModelFolder = "assets/reviews/model";
const int MaxLength = 128;
var seed = new Seed(1);

// 1. Labels. Here simulated annotators compare two reviews; your own come from DatasetFile.Read<Preference>("preferences.jsonl").
var annotators = new SimulatedAnnotators(new ReviewUtility(), new AnnotatorOptions { Noise = 0.4 }, seed.For("annotators"));
var reviews = ReviewWorld.Demonstrations(seed.For("reviews"), 800, ReviewSplit.Train).ToArray();
ImmutableArray<Preference> labels =
[
    .. reviews
        .Chunk(2)
        .Select((pair, i) => annotators.Compare(pair[0].Prompt, pair[0].Answer, pair[1].Answer, i).ToPreference())
        .OfType<Preference>(),
];

// 2. Tokens: rows that do not fit are left out and counted in Dropped.
var text = ChatText.Load(ModelFolder);
var encoded = new Encoder(text.Tokenizer, text.Template).EncodeAll(labels, MaxLength);
var (train, heldOut) = (encoded.Items[..^80], encoded.Items[^80..]);

// 3. A scalar head on the language model's trunk; the two lower layers stay as they are.
using var origin = ModelFiles.LoadLanguageModel(ModelFolder);
using var model = new ScalarModel(origin, seed.For("head"));
model.Weights.Freeze(2);

// 4. The loop: an objective (Bradley and Terry's loss), rounds (a shuffled dataset) and an optimiser.
using var loop = new TrainingLoop<TokenPair>(
    new BradleyTerry.Objective(model),
    new DatasetExperience<TokenPair>(train, batchSize: 16, epochs: 1),
    new Schedule(ScheduleKind.Linear, Peak: 1e-3, WarmupRatio: 0.1),
    new OptimiserOptions { MaxGradientNorm = 1 },
    new LoopOptions(Microbatch: 16, CheckpointEvery: 0),
    checkpoints: null
);
await loop.RunAsync(Progress.Start(seed), new Printer(), CancellationToken.None);

// 5. Rewards in the unit of the reviews themselves: mean 0, standard deviation 1 over the chosen answers.
var reward = new RewardModel([model], Shift: 0, Scale: 1).Normalised([.. train.Select(p => p.Chosen)], RewardNormalisation.MeanAndSd);
var fit = PairFit.Of(reward, [.. heldOut.Select(p => (p.Chosen, p.Rejected))]);
var interval = fit.Interval;
Console.WriteLine(
    $"orders {fit.Accuracy:0.0%} of {fit.Pairs} held-out pairs as labelled (95% interval {interval.Low:0.0%} to {interval.High:0.0%})"
);

/// <summary>Prints the loss of every fifth update.</summary>
internal sealed class Printer : ILoopObserver
{
    public long LastSequence => 0;

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics)
    {
        if (progress.Updates % 5 == 0)
        {
            Console.WriteLine(
                $"update {progress.Updates}/{plannedUpdates}: loss {metrics["loss"]:0.000}, accuracy {metrics["accuracy"]:0.00}"
            );
        }
    }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples) { }
}

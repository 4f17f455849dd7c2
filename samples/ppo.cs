// PPO from top to bottom with the assemblies as libraries, without recipes. Run it from the root of the checkout:
//   dotnet run samples/ppo.cs                  two minutes; prints reward and KL of every round
// The mathematics is in src/Attune.Methods/Policy/Ppo.cs; what follows is all that a round needs around it.
#:project ../src/Attune.Methods/Attune.Methods.csproj
#:property PublishAot=false
using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Methods;
using Attune.Methods.Policy;
using Attune.Models.Files;
using Attune.Text.Templates;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Optimisation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Vocabulary;

const string ModelFolder = "assets/reviews/model";
var seed = new Seed(1);

// 1. The policy, and the reference that it must stay near: the same weights, never changed.
using var policy = ModelFiles.LoadLanguageModel(ModelFolder);
using var reference = policy.Copy();
var text = ChatText.Load(ModelFolder);
var encoder = new Encoder(text.Tokenizer, text.Template);

// 2. Prompts, encoded once.
ImmutableArray<(Prompt Prompt, ImmutableArray<int> Tokens)> prompts =
[
    .. ReviewWorld.Prompts(seed.For("prompts"), 256, ReviewSplit.Train).Select(p => ((Prompt)p, encoder.EncodePrompt(p))),
];

// 3. The reward: here praise counts 1 and blame -1. A trained one is RewardModel.Load("runs/reward/final") in a LearnedReward.
string[] praise = ["superb", "wonderful", "brilliant", "great", "good", "charming", "moving"];
string[] blame = ["awful", "dull", "weak", "bad", "poor", "tedious", "terrible"];
var reward = new TextReward(
    "praise",
    encoder.Tokenizer,
    (_, answer) =>
        TextReward
            .Words(answer)
            .Sum(w =>
                praise.Contains(w) ? 1
                : blame.Contains(w) ? -1
                : 0
            )
);

// 4. PPO's numbers; beta is kl_coefficient.
var options = new PpoOptions
{
    Kl = new() { KlCoefficient = 0.05 },
    PpoEpochs = 2,
    ValueNetwork = ValueNetwork.SharedTrunk,
    Rollouts = new() { TotalEpisodes = 384, RolloutBatchSize = 64 },
    Sampling = new() { MaxNewTokens = 32 },
    Training = new TrainingOptions
    {
        LearningRate = 5e-4,
        BatchSize = 32,
        MaxGradNorm = 1,
        CheckpointEvery = 0,
    },
};

// 5. Rounds: sample, score, estimate advantages, hand out minibatches.
using var sampler = new LocalSampler();
using var value = new ValueFunction.SharedTrunk(policy.Config.Width);
var experience = new Ppo.Experience(
    options,
    new RolloutContext
    {
        Policy = policy,
        Reference = reference,
        Prompts = new PromptPool(prompts),
        Sampler = sampler,
        Sampling = new SamplingOptions { MaxNewTokens = options.Sampling.MaxNewTokens, EndToken = encoder.Tokenizer.EndToken },
        Reward = reward,
    }
)
{
    Value = value,
};

// 6. The loop: the same for every method.
using var loop = new TrainingLoop<PpoItem>(
    new Ppo.Objective(options, policy, value),
    experience,
    new Schedule(ScheduleKind.Linear, options.Training.LearningRate, WarmupRatio: 0),
    new OptimiserOptions { MaxGradientNorm = options.Training.MaxGradNorm },
    new LoopOptions(Microbatch: 16, CheckpointEvery: 0),
    checkpoints: null
);
await loop.RunAsync(Progress.Start(seed), new Printer(), CancellationToken.None);

// 7. What it says now.
await sampler.UseWeightsAsync(policy, version: 0, CancellationToken.None);
var pool = new PromptPool(prompts);
var requests = Enumerable.Range(0, 3).Select(i => pool.Request(i, seed.For("shown", i))).ToArray();
var answers = await sampler.SampleAsync(
    requests,
    new SamplingOptions { MaxNewTokens = 32, EndToken = encoder.Tokenizer.EndToken },
    default
);
foreach (var (answer, i) in answers.Select((a, i) => (a, i)))
{
    Console.WriteLine($"{((Prompt.Text)prompts[i].Prompt).Value} ...{encoder.DecodeAnswer(prompts[i].Prompt, answer.Sequence.Answer)}");
}

/// <summary>Prints a line a round.</summary>
internal sealed class Printer : ILoopObserver
{
    public long LastSequence => 0;

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) { }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples) =>
        Console.WriteLine($"round {progress.Round}: reward {metrics["objective/scores"]:0.000}, KL {metrics["objective/kl"]:0.000} nats");
}

using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Policy;
using Attune.Methods.Preference;
using Attune.Methods.Process;
using Attune.Methods.Reward;
using Attune.Methods.Supervised;
using Attune.Methods.Tests.Policy;
using Attune.Methods.Tests.Process;
using Attune.Models.Adapters;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Loop;

/// <summary>What a tiny run may differ in.</summary>
internal sealed record TinySetup
{
    public ulong Seed { get; init; } = 7;
    public int Microbatch { get; init; } = 8;
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>Rounds; 0 for the run's own length.</summary>
    public int Rounds { get; init; } = 6;

    public OptimiserOptions Optimiser { get; init; } = new() { WeightDecay = 0.01, MaxGradientNorm = 1 };

    /// <summary>Where checkpoints go; null for none.</summary>
    public string? Folder { get; init; }

    public int CheckpointEvery { get; init; }

    /// <summary>0 for none.</summary>
    public double EmaDecay { get; init; }
    public Precision Precision { get; init; } = Precision.F32;
    public string DataHash { get; init; } = "ab12";

    /// <summary>The update whose loss becomes no number; 0 for none.</summary>
    public int PoisonedUpdate { get; init; }
}

/// <summary>One algorithm on a tiny random model, as the loop sees it. A new one has the same fresh weights.</summary>
internal abstract class TinyRun : IDisposable
{
    /// <summary>
    /// PPO four times: as TRL has it with PPO-ptx, as OpenAI had it in 2019, with a guard on top, with a frozen layer that all share, and
    /// with adapters of policy and value network on one base. Adapters with the others that differ in what they forward.
    /// </summary>
    public static readonly string[] Algorithms =
    [
        "sft",
        "sft packed",
        "bradley-terry",
        "choice of k",
        "ranking pairs",
        "plackett-luce",
        "classification",
        "process reward",
        "ppo",
        "ppo adaptive",
        "ppo frozen",
        "rloo",
        "rloo moving",
        "grpo",
        "reinforce++",
        "remax",
        "a2po",
        "grpo frozen",
        "rejection sampling",
        "dpo",
        "dpo mixed",
        "dpo weighted",
        "cpo",
        "ipo",
        "psipo",
        "kto",
        "bco",
        "orpo",
        "simpo",
        "slic",
        "online dpo",
        "xpo",
        "nash-md",
        "sft lora",
        "bradley-terry dora",
        "dpo lora dropout",
        "ppo lora",
    ];

    /// <summary>Whether later rounds depend on what the weights made of the sampling before.</summary>
    public static bool SamplesItself(string algorithm) =>
        algorithm.StartsWith("ppo", StringComparison.Ordinal)
        || algorithm
            is "rloo"
                or "rloo moving"
                or "grpo"
                or "reinforce++"
                or "remax"
                or "a2po"
                or "grpo frozen"
                or "rejection sampling"
                or "online dpo"
                or "xpo"
                or "nash-md";

    public static TheoryData<string> All => [.. Algorithms];

    /// <summary>All whose loss depends on the items alone: dropout draws a microbatch's masks together.</summary>
    public static TheoryData<string> Exact => [.. Algorithms.Where(a => !a.EndsWith("dropout", StringComparison.Ordinal))];

    public static TheoryData<string, Precision> AllInBothPrecisions
    {
        get
        {
            var all = new TheoryData<string, Precision>();
            foreach (var algorithm in Algorithms)
            {
                all.Add(algorithm, Precision.F32);
                all.Add(algorithm, Precision.Bf16);
            }

            return all;
        }
    }

    public static TinyRun Of(string algorithm, TinySetup setup)
    {
        var language = new Lazy<LanguageModel>(() => TinyModels.Language(setup.Seed, precision: setup.Precision));
        var scalar = new Lazy<ScalarModel>(() => TinyModels.Scalar(setup.Seed, precision: setup.Precision));
        return algorithm switch
        {
            "sft" => Offline(
                setup,
                new Sft.Objective(language.Value),
                [.. TinyData.Sequences(20, 3).Select(s => new PackedRow([s]))],
                language.Value
            ),
            "sft packed" => Offline(
                setup,
                new Sft.Objective(language.Value),
                [.. TinyData.Sequences(40, 3).Chunk(2).Select(s => new PackedRow([.. s]))],
                language.Value
            ),
            "sft lora" => AdaptedSft(setup, language.Value),
            "bradley-terry dora" => AdaptedReward(setup, language.Value),
            "dpo lora dropout" => Direct(setup, Adapted(language.Value, AdapterKind.Lora, dropout: 0.2), new DpoOptions(), language.Value),
            "bradley-terry" => Offline(setup, new BradleyTerry.Objective(scalar.Value), TinyTask.Pairs(20), scalar.Value),
            "choice of k" => Offline(setup, new ChoiceOfK.Objective(scalar.Value), TinyTask.Choices(20, 3), scalar.Value),
            "ranking pairs" => Offline(setup, new RankingPairs.Objective(scalar.Value), TinyTask.Rankings(20, 3), scalar.Value),
            "plackett-luce" => Offline(setup, new PlackettLuce.Objective(scalar.Value), TinyTask.Rankings(20, 3), scalar.Value),
            "classification" => Offline(setup, new Classification.Objective(scalar.Value), TinyTask.Verdicts(20), scalar.Value),
            "process reward" => Steps(setup),
            "dpo" => Direct(
                setup,
                language.Value,
                new DpoOptions
                {
                    LossType = [DpoLoss.Robust],
                    LabelSmoothing = 0.1,
                    FDivergenceType = FDivergenceType.JsDivergence,
                    RpoAlpha = 0.5,
                }
            ),
            "dpo mixed" => Direct(
                setup,
                language.Value,
                new DpoOptions
                {
                    LossType = [DpoLoss.AotUnpaired, DpoLoss.BcoPair, DpoLoss.Sft],
                    LossWeights = [1, 0.5, 0.2],
                    NllMean = NllMean.Token,
                    Statistics = new UpdateStatistics { StatisticsBatch = 4 },
                }
            ),
            "dpo weighted" => Direct(
                setup,
                language.Value,
                new DpoOptions
                {
                    LossType = [DpoLoss.NcaPair],
                    LdAlpha = 0.5,
                    UseWeighting = true,
                    Reference = new ReferenceOptions
                    {
                        Moves = new() { SyncRefModel = true, RefModelSyncSteps = 2 },
                    },
                }
            ),
            "cpo" => Direct(setup, language.Value, new CpoOptions { LossType = CpoLoss.Simpo, Alpha = 0.25 }),
            "ipo" => Direct(setup, language.Value, new IpoOptions { LogProbs = LogProbReduction.Averaged }),
            "psipo" => Direct(setup, language.Value, new PsiPoOptions { Psi = PsiKind.Probit, LabelSmoothing = 0.1 }),
            "orpo" => Direct(setup, language.Value, new OrpoOptions()),
            "simpo" => Direct(setup, language.Value, new SimPoOptions()),
            "slic" => Direct(setup, language.Value, new SlicOptions { Delta = 3 }),
            "online dpo" => Judged(
                setup,
                new OnlineDpoOptions
                {
                    RolloutBatchSize = 54,
                    Answers = 3,
                    Epochs = 2,
                    RefreshReference = true,
                    Training = new OnlineDpoOptions().Training with { BatchSize = 6 },
                },
                language.Value
            ),
            "xpo" => Judged(
                setup,
                new OnlineDpoOptions
                {
                    RolloutBatchSize = 48,
                    Epochs = 2,
                    XpoAlpha = 0.01,
                    Training = new OnlineDpoOptions().Training with { BatchSize = 6 },
                },
                language.Value
            ),
            "nash-md" => Judged(
                setup,
                new OnlineDpoOptions
                {
                    RolloutBatchSize = 48,
                    MixtureCoef = 0.5,
                    Training = new OnlineDpoOptions().Training with { BatchSize = 6 },
                },
                language.Value
            ),
            "kto" => Verdicts(setup, language.Value, new KtoOptions()),
            "bco" => Verdicts(setup, language.Value, new KtoOptions { LossType = VerdictLoss.Bco }),
            "ppo" => Online(
                setup,
                TinyPpo.Small with
                {
                    PtxCoefficient = 0.5,
                    Scores = TinyPpo.Small.Scores with { MissingEosPenalty = 0.1 },
                }
            ),
            "ppo adaptive" => Online(
                setup,
                TinyPpo.Small with
                {
                    Kl = TinyPpo.Small.Kl with
                    {
                        KlController = KlController.Adaptive,
                        KlTarget = 0.5,
                        KlHorizon = 100,
                        KlEstimator = KlEstimator.K3,
                    },
                    ValueNetwork = ValueNetwork.SharedTrunk,
                    WhitenRewards = true,
                    AdvantageWhitening = AdvantageWhitening.Minibatch,
                    Scores = TinyPpo.Small.Scores with { ScoreClip = 0.9 },
                    Rollouts = TinyPpo.Small.Rollouts with { StopOnGoldDrop = 100, StopOnDisagreement = 100 },
                }
            ),
            "ppo lora" => Online(
                setup,
                TinyPpo.Small with
                {
                    ValueNetwork = ValueNetwork.Policy,
                    Training = TinyPpo.Small.Training with
                    {
                        Lora = new LoraOptions { R = 4, Targets = "c_attn, c_fc" },
                    },
                }
            ),
            "ppo frozen" => Online(
                setup,
                TinyPpo.Small with
                {
                    Rollouts = TinyPpo.Small.Rollouts with { StopOnGoldDrop = 100 },
                    Training = TinyPpo.Small.Training with { FrozenLayers = 1 },
                }
            ),
            "rloo" => Grouped(
                setup,
                RlooTests.Small with
                {
                    NormalizeAdvantages = true,
                    Kl = RlooTests.Small.Kl with { KlController = KlController.Adaptive, KlHorizon = 100 },
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (new Rloo.Objective(o, tiny.Policy), new Rloo.Experience(o, tiny.Parts))
            ),
            "rloo moving" => Grouped(
                setup,
                RlooTests.Small with
                {
                    Kl = new()
                    {
                        Moves = new() { SyncRefModel = true, RefModelSyncSteps = 3 },
                    },
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (new Rloo.Objective(o, tiny.Policy), new Rloo.Experience(o, tiny.Parts))
            ),
            "grpo" => Grouped(
                setup,
                GrpoTests.Small with
                {
                    Rollouts = GrpoTests.Small.Rollouts with { StopOnGoldDrop = 100, EvaluateEvery = 1 },
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (new Grpo.Objective(o, tiny.Policy) { Shared = tiny.Shared }, new Grpo.Experience(o, tiny.Parts))
            ),
            "reinforce++" => Grouped(
                setup,
                ReinforcePlusPlusTests.Small with
                {
                    NumIterations = 2,
                    Rollouts = ReinforcePlusPlusTests.Small.Rollouts with { StopOnGoldDrop = 100, EvaluateEvery = 1 },
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (ReinforcePlusPlus.Objective(o, tiny.Policy, tiny.Shared), new ReinforcePlusPlus.Experience(o, tiny.Parts))
            ),
            "remax" => Grouped(
                setup,
                ReMaxTests.Small with
                {
                    NumIterations = 2,
                    Scores = new() { ScoreScaling = ScoreScaling.Standardize },
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (ReMax.Objective(o, tiny.Policy, tiny.Shared), new ReMax.Experience(o, tiny.Parts))
            ),
            "a2po" => Grouped(
                setup,
                AStarPoTests.Small with
                {
                    NumIterations = 2,
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (new AStarPo.Objective(o, tiny.Policy) { Shared = tiny.Shared }, new AStarPo.Experience(o, tiny.Parts))
            ),
            "grpo frozen" => Grouped(
                setup,
                GrpoTests.Small with
                {
                    Rollouts = GrpoTests.Small.Rollouts with { StopOnGoldDrop = 100, EvaluateEvery = 1 },
                    Training = GrpoTests.Small.Training with { FrozenLayers = 1 },
                },
                (o, rollouts, training) => o with { Rollouts = rollouts, Training = training },
                (o, tiny) => (new Grpo.Objective(o, tiny.Policy) { Shared = tiny.Shared }, new Grpo.Experience(o, tiny.Parts))
            ),
            "rejection sampling" => Rejecting(
                setup,
                RejectionSamplingTests.Small with
                {
                    Rollouts = RejectionSamplingTests.Small.Rollouts with
                    {
                        RolloutBatchSize = 32,
                        EvaluateEvery = 1,
                        StopOnGoldDrop = 100,
                    },
                    Training = RejectionSamplingTests.Small.Training with { BatchSize = 2 },
                }
            ),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, null),
        };
    }

    public abstract IReadOnlyDictionary<string, double> State { get; }

    public abstract Task<(Progress Progress, LoopEnd End)> RunAsync(RecordingObserver observer, CancellationToken cancel = default);

    /// <summary>Begins at the newest checkpoint.</summary>
    /// <returns>Whether there was one.</returns>
    public abstract bool Restore();

    /// <summary>Weights and moments of all that is trained.</summary>
    public abstract float[] Weights { get; }

    public abstract void Dispose();

    private static Running<PackedRow> AdaptedSft(TinySetup setup, LanguageModel origin)
    {
        var policy = Adapted(origin, AdapterKind.Rslora);
        return Offline(setup, new Sft.Objective(policy), [.. TinyData.Sequences(20, 3).Select(s => new PackedRow([s]))], policy, origin);
    }

    private static Running<TokenPair> AdaptedReward(TinySetup setup, LanguageModel origin)
    {
        var judge = ScalarModel.Adapted(origin, new AdapterConfig { Kind = AdapterKind.Dora, Rank = 4 }, new Seed(setup.Seed));
        return Offline(setup, new BradleyTerry.Objective(judge), TinyTask.Pairs(20), judge, origin);
    }

    private static LanguageModel Adapted(LanguageModel origin, AdapterKind kind, double dropout = 0) =>
        origin.Adapted(
            new AdapterConfig
            {
                Kind = kind,
                Rank = 4,
                Alpha = 8,
                Dropout = dropout,
            },
            new Seed(3)
        );

    private static Running<T> Offline<T>(TinySetup setup, IObjective<T> objective, IReadOnlyList<T> items, params IDisposable[] owned) =>
        new(setup, objective, new DatasetExperience<T>(items, 8, setup.Rounds / 3.0), owned);

    /// <summary>
    /// Pairs, every other with the reference's log-probabilities known where it stays, and the watch on chosen answers.
    /// </summary>
    private static Running<PreferencePair> Direct(TinySetup setup, LanguageModel policy, IPairMethod method, LanguageModel? origin = null)
    {
        var reference = origin ?? policy.Copy();
        var pairs = TinyTask.Pairs(20);
        var items = pairs
            .Select(
                (p, i) =>
                    new PreferencePair(
                        p,
                        i % 2 == 0 || method.Reference is { Moves.SyncRefModel: true }
                            ? null
                            : new ReferenceLogProbs(
                                AnswerSums.Plain(reference, [p.Chosen])[0],
                                AnswerSums.Plain(reference, [p.Rejected])[0]
                            )
                    )
            )
            .ToArray();
        var experience = new PreferenceExperience<PreferencePair>(new DatasetExperience<PreferencePair>(items, 8, setup.Rounds / 3.0))
        {
            EvaluateEvery = 2,
            Watch = new ChosenWatch(pairs.Select(p => p.Chosen), policy),
            Preparation = new UpdatePreparation<PreferencePair>(batch => method.Prepare(batch, policy, reference)),
            MovingReference = method.Reference is { Moves: { SyncRefModel: true } moves }
                ? new MovingReference(moves, policy, reference)
                : null,
        };
        return new Running<PreferencePair>(setup, method.Objective(policy, reference), experience, policy, reference);
    }

    /// <summary>Every answer token ends a step, which is right where the token is even; every third is half right.</summary>
    private static Running<StepItem> Steps(TinySetup setup)
    {
        var model = ProcessRewardTests.Model(setup.Seed, setup.Precision);
        StepItem[] items =
        [
            .. TinyData
                .Sequences(20, 15)
                .Select(s => new StepItem(
                    s,
                    [
                        .. Enumerable
                            .Range(s.AnswerStart, s.AnswerLength)
                            .Select(at =>
                                at % 3 == 0 ? 0.5
                                : s.Tokens[at] % 2 == 0 ? 1
                                : -1.0
                            )
                            .Select(
                                (label, i) => new StepTarget(s.AnswerStart + i, StepTargets.Probabilities(label, 2, NeutralSteps.Good))
                            ),
                    ]
                )),
        ];
        return Offline(setup, new ProcessReward.Objective(model), items, model);
    }

    private static Running<PreferencePair> Judged(TinySetup setup, OnlineDpoOptions options, LanguageModel policy)
    {
        var parts = new TinyOnlineDpo(options with { TotalEpisodes = setup.Rounds * options.RolloutBatchSize }, policy);
        return new Running<PreferencePair>(setup, OnlineDpoExperience.Objective(options, policy), parts.Experience, parts, policy);
    }

    private static Running<KtoItem> Verdicts(TinySetup setup, LanguageModel policy, KtoOptions options)
    {
        var reference = policy.Copy();
        var preparation = new KtoPreparation(options, policy, reference, maxLength: 24);
        var items = preparation.Items([.. TinyTask.Verdicts(20).Select(v => (v.Sequence, v.Desirable))]);
        var experience = new PreferenceExperience<KtoItem>(new DatasetExperience<KtoItem>(items, 8, setup.Rounds / 3.0))
        {
            Preparation = preparation,
        };
        return new Running<KtoItem>(setup, new Kto.Objective(options, policy, reference), experience, policy, reference);
    }

    private static RolloutOptions Sized(TinySetup setup, RolloutOptions rollouts) =>
        rollouts with
        {
            TotalEpisodes = setup.Rounds * rollouts.RolloutBatchSize,
        };

    private static Running<PpoItem> Online(TinySetup setup, PpoOptions options)
    {
        var parts = new TinyPpo(
            options with
            {
                Rollouts = Sized(setup, options.Rollouts),
                Training = options.Training with { Precision = setup.Precision },
            },
            setup.Seed,
            evaluation: options.Rollouts.StopOnGoldDrop > 0
        );
        return new Running<PpoItem>(setup, parts.Objective, parts.Experience, parts);
    }

    private static Running<PackedRow> Rejecting(TinySetup setup, RejectionSamplingOptions options)
    {
        options = options with
        {
            Rollouts = Sized(setup, options.Rollouts),
            Training = options.Training with { Precision = setup.Precision },
        };
        var tiny = new TinyRollouts(options, setup.Seed, evaluation: true);
        return new Running<PackedRow>(setup, new Sft.Objective(tiny.Policy), new RejectionSampling.Experience(options, tiny.Parts), tiny);
    }

    private static Running<GroupItem> Grouped<TOptions>(
        TinySetup setup,
        TOptions options,
        Func<TOptions, RolloutOptions, TrainingOptions, TOptions> sized,
        Func<TOptions, TinyRollouts, (IObjective<GroupItem>, IExperience<GroupItem>)> method
    )
        where TOptions : IPolicyOptions
    {
        options = sized(options, Sized(setup, options.Rollouts), options.Training with { Precision = setup.Precision });
        var tiny = new TinyRollouts(options, setup.Seed, evaluation: options.Rollouts.StopOnGoldDrop > 0);
        var (objective, experience) = method(options, tiny);
        return new Running<GroupItem>(setup, objective, experience, tiny);
    }

    private sealed class Running<T>(TinySetup setup, IObjective<T> objective, IExperience<T> experience, params IDisposable[] owned)
        : TinyRun
    {
        private readonly TrainingLoop<T> _loop = new(
            setup.PoisonedUpdate > 0 ? new Poisoned<T>(objective, setup.PoisonedUpdate, setup.Microbatch) : objective,
            experience,
            new Schedule(ScheduleKind.Linear, setup.LearningRate, 0.1),
            setup.Optimiser,
            new LoopOptions(setup.Microbatch, setup.CheckpointEvery) { EmaDecay = setup.EmaDecay },
            setup.Folder is null ? null : new DirectoryCheckpoints(setup.Folder, [new DataHash("data", setup.DataHash)])
        );

        private Progress _start = Progress.Start(new Seed(setup.Seed));

        public override IReadOnlyDictionary<string, double> State => experience.State;

        public override float[] Weights => [.. objective.Learners.SelectMany(l => TinyModels.Values(l.Exact))];

        public override Task<(Progress Progress, LoopEnd End)> RunAsync(RecordingObserver observer, CancellationToken cancel = default) =>
            _loop.RunAsync(_start, observer, cancel);

        public override bool Restore()
        {
            if (_loop.Restore() is not { } manifest)
            {
                return false;
            }

            _start = new Progress(manifest.Round, manifest.Updates, manifest.Items, new Seed(manifest.Seed));
            return true;
        }

        public override void Dispose()
        {
            _loop.Dispose();
            foreach (var part in owned)
            {
                part.Dispose();
            }
        }
    }

    /// <summary>An objective whose loss is no number from one update on.</summary>
    private sealed class Poisoned<T>(IObjective<T> inner, int update, int microbatch) : IObjective<T>
    {
        private int _evaluations;

        public IReadOnlyList<FlatParameters> Learners => inner.Learners;

        public double Weight(T item) => inner.Weight(item);

        public int Length(T item) => inner.Length(item);

        public Training.Contracts.ObjectiveValue Evaluate(IReadOnlyList<T> items)
        {
            Assert.True(microbatch >= 8, "one evaluation an update");
            var (loss, metrics) = inner.Evaluate(items);
            return new Training.Contracts.ObjectiveValue(++_evaluations >= update ? loss * double.NaN : loss, metrics);
        }
    }
}

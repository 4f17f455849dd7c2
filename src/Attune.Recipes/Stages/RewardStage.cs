using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods;
using Attune.Methods.Reward;
using Attune.Models;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>Trains a reward model, or an ensemble of them, on feedback.</summary>
[Runs(typeof(RewardOptions))]
public sealed record RewardStage : Stage
{
    private const string NeedsData = "reward.data is missing: name a feedback file, or put a preferences stage before this one.";

    [Description("feedback file; left out, what the preferences stage collected")]
    public string? Data { get; init; }

    [Description("feedback on other prompts to measure accuracy with; left out, test_split of the data")]
    public string? HeldOutData { get; init; }

    [Description("rows to use; 0 for all")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("answers of the policy to the data's prompts by which rewards are normalised")]
    [Range(0, 1_000_000)]
    public int NormalisationSamples { get; init; } = 256;

    [Description("longest of those answers, tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Flatten]
    public RewardOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Training),
            .. Data is null && !given.Preferences ? [NeedsData] : Array.Empty<string>(),
            .. DataSource.MissingFile("reward.data", Data),
            .. DataSource.MissingFile("reward.held_out_data", HeldOutData),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Reward = true };

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => LearnsFromLabels(given, Data);

    public override Task<StageResult> RunAsync(StageContext room, CancellationToken cancel) =>
        Method.Loss switch
        {
            RewardLoss.BradleyTerry => FitAsync<Preference, TokenPair>(
                room,
                (e, d, n) => e.EncodeAll(d, n),
                (p, change) => p with { Chosen = change(p.Chosen), Rejected = change(p.Rejected) },
                m => new BradleyTerry.Objective(m),
                p => [(p.Chosen, p.Rejected)],
                p => p.Chosen,
                cancel
            ),
            RewardLoss.Choice => FitAsync<Choice, TokenChoice>(
                room,
                (e, d, n) => e.EncodeAll(d, n),
                (c, change) => c with { Answers = [.. c.Answers.Select(change)] },
                m => new ChoiceOfK.Objective(m),
                BestAgainstRest,
                c => c.Answers[0],
                cancel
            ),
            RewardLoss.Ranking => FitAsync<Ranking, TokenRanking>(
                room,
                (e, d, n) => e.EncodeAll(d, n),
                (r, change) => r with { Answers = [.. r.Answers.Select(change)] },
                m => new RankingPairs.Objective(m),
                AllPairs,
                r => r.Answers[0],
                cancel
            ),
            RewardLoss.PlackettLuce => FitAsync<Ranking, TokenRanking>(
                room,
                (e, d, n) => e.EncodeAll(d, n),
                (r, change) => r with { Answers = [.. r.Answers.Select(change)] },
                m => new PlackettLuce.Objective(m),
                AllPairs,
                r => r.Answers[0],
                cancel
            ),
            RewardLoss.Classification => FitAsync<Verdict, LabelledSequence>(
                room,
                EncodeVerdicts,
                (v, change) => v with { Sequence = change(v.Sequence) },
                m => new Classification.Objective(m),
                _ => [],
                v => v.Sequence,
                cancel
            ),
            _ => throw new UnreachableException(),
        };

    /// <summary>Answers to one prompt stay together; single texts that are judged under one prompt, or none, are split by text.</summary>
    private static string SplitKey(Label feedback) =>
        feedback is Verdict verdict ? verdict.Prompt.Key + "\u001e" + verdict.Answer : feedback.Prompt.Key;

    private static IEnumerable<(TokenSequence, TokenSequence)> BestAgainstRest(TokenChoice choice) =>
        choice.Answers.Where((_, i) => i != choice.Best).Select(a => (choice.Answers[choice.Best], a));

    private static IEnumerable<(TokenSequence, TokenSequence)> AllPairs(TokenRanking ranking) =>
        from i in Enumerable.Range(0, ranking.Answers.Length)
        from j in Enumerable.Range(0, ranking.Answers.Length)
        where ranking.Ranks[i] < ranking.Ranks[j]
        select (ranking.Answers[i], ranking.Answers[j]);

    private static EncodedData<LabelledSequence> EncodeVerdicts(Encoder encoder, IReadOnlyList<Verdict> verdicts, int longest)
    {
        var encoded = encoder.EncodeAll(verdicts.Select(v => new Demonstration(v.Prompt, v.Answer)).ToArray(), longest);
        var items = encoded.Items.Select((s, i) => new LabelledSequence(s, verdicts[encoded.Sources[i]].Desirable));
        return new EncodedData<LabelledSequence>([.. items], encoded.Sources, encoded.Dropped, encoded.Truncated);
    }

    private async Task<StageResult> FitAsync<TFeedback, TItem>(
        StageContext room,
        Func<Encoder, IReadOnlyList<TFeedback>, int, EncodedData<TItem>> encode,
        Func<TItem, Func<TokenSequence, TokenSequence>, TItem> withSequences,
        Func<ScalarModel, IObjective<TItem>> objective,
        Func<TItem, IEnumerable<(TokenSequence Better, TokenSequence Worse)>> pairs,
        Func<TItem, TokenSequence> anyAnswer,
        CancellationToken cancel
    )
        where TFeedback : Label
    {
        var clock = Stopwatch.StartNew();
        var source = Data ?? room.Artifacts.Preferences ?? throw new ConfigurationException(NeedsData);
        var (feedback, hash) = DataSource.FromFile<TFeedback>(source, Rows, room);
        var heldOutSource = HeldOutData ?? (Data is null ? room.Artifacts.HeldOutPreferences : null);
        var split = heldOutSource is null
            ? Split.ByKey(feedback, SplitKey, Method.TestSplit, room.Seed.For("split"))
            : new SplitData<TFeedback>(feedback, DataSource.FromFile<TFeedback>(heldOutSource, 0, room).Items);
        using var policy = Method.Training.Lora.R == 0 ? room.LoadPolicy() : room.LoadBase(Method.Training);
        var encoder = room.LoadEncoder();
        // Rows that the model cannot read are left out as those beyond max_length are.
        var longest = Math.Min(Method.MaxLength, policy.Config.ContextLength);
        int? end = Method.ReadBeforeEnd ? encoder.Tokenizer.EndToken : null;
        EncodedData<TItem> Encode(ImmutableArray<TFeedback> rows)
        {
            var data = encode(encoder, rows, longest);
            return data with { Items = [.. data.Items.Select(i => withSequences(i, s => s.WithoutEnd(end)))] };
        }

        TItem Vary(TItem item, Seed seed)
        {
            var rng = seed.Rng();
            return withSequences(item, s => s.WithTokenDropout(Method.TokenDropout, rng));
        }

        var train = Encode(split.Training);
        var heldOut = Encode(split.HeldOut);
        var shown = Data ?? Path.GetFileName(source);
        room.NoteDropped(train.Dropped, shown);
        room.NoteDropped(heldOut.Dropped, shown + " (held out)");
        if (train.Items.IsEmpty)
        {
            throw new DataException($"{source}: no row is left to learn from.");
        }

        var prompts = NormalisationPrompts(train.Items.Select(anyAnswer), policy);
        using var members = (
            await FitMembersAsync(
                room,
                policy,
                train.Items,
                heldOut.Items,
                objective,
                pairs,
                Method.TokenDropout > 0 ? Vary : null,
                hash,
                cancel
            )
        ) with
        {
            EndToken = end,
        };
        var model = await NormaliseAsync(room, policy, members, prompts, cancel);
        model.Save(room.FinalFolder);
        encoder.Save(room.FinalFolder);
        room.Artifacts = room.Artifacts with { Reward = room.FinalFolder };
        var heldOutPairs = heldOut.Items.SelectMany(pairs).ToArray();
        var result =
            heldOutPairs.Length > 0
                ? Measured(PairFit.Of(model, heldOutPairs))
                : Measured(model, heldOut.Items.OfType<LabelledSequence>().ToArray());
        var figures = new Dictionary<string, double>(result.Metrics)
        {
            ["examples"] = train.Items.Length,
            ["held_out"] = heldOut.Items.Length,
            ["members"] = Method.Members,
            ["shift"] = model.Shift,
            ["scale"] = model.Scale,
        };
        return result with { Seconds = clock.Elapsed.TotalSeconds, Metrics = figures };
    }

    private async Task<RewardModel> FitMembersAsync<TItem>(
        StageContext room,
        LanguageModel policy,
        ImmutableArray<TItem> train,
        ImmutableArray<TItem> heldOut,
        Func<ScalarModel, IObjective<TItem>> objective,
        Func<TItem, IEnumerable<(TokenSequence Better, TokenSequence Worse)>> pairs,
        Func<TItem, Seed, TItem>? vary,
        DataHash hash,
        CancellationToken cancel
    )
    {
        var members = new List<ScalarModel>();
        var heldOutPairs = heldOut.SelectMany(pairs).ToArray();
        for (var i = 0; i < Method.Members; i++)
        {
            var name = $"member-{i + 1}";
            var finished = Path.Combine(room.Folder, name, "final");
            if (Directory.Exists(finished))
            {
                members.Add(Method.Training.Lora.R == 0 ? ModelFiles.LoadScalarModel(finished) : ScalarModel.Adapted(policy, finished));
                continue;
            }

            var member = Method.Training.Lora.Config is { } adapter
                ? ScalarModel.Adapted(policy, adapter, room.Seed.For("head", i))
                : new ScalarModel(policy, room.Seed.For("head", i), Method.Training.Precision);
            room.FreezeLayers(member, Method.Training);
            Metrics Evaluate()
            {
                var metrics = new Metrics();
                if (heldOutPairs.Length > 0)
                {
                    metrics.Set("eval_accuracy", PairFit.Of(new RewardModel([member], 0, 1), heldOutPairs).Accuracy);
                }

                return metrics;
            }

            var experience = new DatasetExperience<TItem>(train, Method.Training.BatchSize, Method.Epochs)
            {
                Evaluate = Evaluate,
                EvaluateEvery = Method.EvaluateEvery,
                Vary = vary,
            };
            var task = Method.Members == 1 ? "reward model" : $"reward model {i + 1} of {Method.Members}";
            await room.FitAsync(objective(member), experience, Method.Training, [hash], task, cancel, name);
            SaveWhole(member, finished);
            members.Add(member);
        }

        return new RewardModel(members, 0, 1);
    }

    /// <summary>A folder that exists is complete: it is written under another name and renamed.</summary>
    private static void SaveWhole(ScalarModel member, string folder)
    {
        var temporary = folder + ".unfinished";
        ModelFiles.Save(member, temporary);
        Directory.Move(temporary, folder);
    }

    /// <summary>
    /// Prompts that the policy answers to normalise by; none where rewards stay as they are. Checked before hours of training.
    /// </summary>
    private ImmutableArray<int>[] NormalisationPrompts(IEnumerable<TokenSequence> answers, LanguageModel policy)
    {
        if (Method.Normalisation == RewardNormalisation.None || NormalisationSamples == 0)
        {
            return [];
        }

        ImmutableArray<int>[] prompts =
        [
            .. answers.Select(a => a.Tokens[..a.AnswerStart]).DistinctBy(p => string.Join(' ', p)).Take(NormalisationSamples),
        ];
        var (longest, context) = (prompts.Max(p => p.Length), policy.Config.ContextLength);
        return longest + MaxNewTokens <= context
            ? prompts
            : throw new ConfigurationException(
                $"reward: the longest prompt has {longest} tokens and max_new_tokens is {MaxNewTokens}, but the model reads "
                    + $"{context}. Lower max_new_tokens or max_length, or set normalisation_samples to 0."
            );
    }

    private async Task<RewardModel> NormaliseAsync(
        StageContext room,
        LanguageModel policy,
        RewardModel model,
        ImmutableArray<int>[] prompts,
        CancellationToken cancel
    )
    {
        if (prompts.Length == 0)
        {
            return model;
        }

        room.Screen.Report("normalising", 0, 1, $"{NormalisationSamples} answers of the policy");
        using var sampler = new LocalSampler();
        await sampler.UseWeightsAsync(policy, 0, cancel);
        var options = new SamplingOptions { MaxNewTokens = MaxNewTokens, EndToken = room.LoadTokenizer().EndToken };
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, NormalisationSamples)
                .Select(i => new SampleRequest(prompts[i % prompts.Length], room.Seed.For("normalisation", i))),
        ];
        var rollouts = await sampler.SampleAsync(requests, options, cancel);
        room.Screen.Report("normalising", 1, 1, $"{NormalisationSamples} answers of the policy");
        return model.Normalised([.. rollouts.Select(r => r.Sequence)], Method.Normalisation);
    }

    private StageResult Measured(PairFit fit)
    {
        var interval = fit.Interval;
        return new StageResult(
            Kind,
            0,
            new Dictionary<string, double>
            {
                ["accuracy"] = fit.Accuracy,
                ["accuracy_low"] = interval.Low,
                ["accuracy_high"] = interval.High,
                ["margin"] = fit.Margin,
                ["calibration_error"] = fit.CalibrationError,
                ["held_out_pairs"] = fit.Pairs,
            }
        )
        {
            Calibration = fit.Bins,
        };
    }

    /// <summary>Verdicts: share of right signs, and the probability that a desirable answer outscores an undesirable one (AUC).</summary>
    private StageResult Measured(RewardModel model, LabelledSequence[] heldOut)
    {
        if (heldOut.Length == 0)
        {
            return new StageResult(Kind, 0, new Dictionary<string, double>());
        }

        var scores = (model with { Shift = 0, Scale = 1 }).Score([.. heldOut.Select(h => h.Sequence)]);
        var right = heldOut.Select((h, i) => scores[i].Reward > 0 == h.Desirable ? 1.0 : 0).Average();
        var interval = Wilson.Of(right, heldOut.Length);
        var good = heldOut.Select((h, i) => (h, scores[i].Reward)).Where(s => s.h.Desirable).Select(s => s.Reward).ToArray();
        var bad = heldOut.Select((h, i) => (h, scores[i].Reward)).Where(s => !s.h.Desirable).Select(s => s.Reward).ToArray();
        var above = good.Sum(g =>
            bad.Sum(b =>
                g > b ? 1.0
                : g == b ? 0.5
                : 0
            )
        );
        return new StageResult(
            Kind,
            0,
            new Dictionary<string, double>
            {
                ["accuracy"] = right,
                ["accuracy_low"] = interval.Low,
                ["accuracy_high"] = interval.High,
                ["auc"] = good.Length * bad.Length == 0 ? double.NaN : above / ((double)good.Length * bad.Length),
            }
        );
    }
}

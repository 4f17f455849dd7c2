using System.Text.Json;
using Attune.Core.Tokens;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Training.Batches;

namespace Attune.Methods.Tests.Preference;

/// <summary>Attune's settings repeat TRL's runs of direct methods, figure by figure.</summary>
public sealed class TrlRunTests
{
    // float32 sums in another order; the differences grow over ten steps of a large learning rate.
    private const double Tolerance = 2e-4;

    private const string Old = "trl/trajectories.json";
    private const string New = "trl-1.16/preference.json";

    private static readonly Dictionary<string, IPairMethod> PairMethods = new()
    {
        ["dpo_apo_zero"] = new DpoOptions { LossType = [DpoLoss.ApoZero] },
        ["dpo_nca_pair"] = new DpoOptions { LossType = [DpoLoss.NcaPair] },
        ["dpo_sppo_hard"] = new DpoOptions { LossType = [DpoLoss.SppoHard] },
        ["dpo_exo_pair"] = new DpoOptions { LossType = [DpoLoss.ExoPair], LabelSmoothing = 0.001 },
        ["dpo_mpo"] = new DpoOptions
        {
            LossType = [DpoLoss.Sigmoid, DpoLoss.BcoPair, DpoLoss.Sft],
            LossWeights = [0.8, 0.2, 1],
            NllMean = NllMean.Token,
        },
        ["dpo_rpo_sigmoid_sft"] = new DpoOptions { LossType = [DpoLoss.Sigmoid, DpoLoss.Sft], NllMean = NllMean.Token },
        ["dpo_ld_alpha_0.5"] = new DpoOptions { LdAlpha = 0.5 },
        ["dpo_forward_kl"] = new DpoOptions { FDivergenceType = FDivergenceType.ForwardKl },
        ["dpo_sync_ref_0.6_2"] = new DpoOptions
        {
            Reference = new ReferenceOptions
            {
                Moves = new() { SyncRefModel = true, RefModelSyncSteps = 2 },
            },
        },
        ["dpo_precompute_ref"] = new DpoOptions { Reference = new ReferenceOptions { PrecomputeRefLogProbs = true } },
        ["dpo_max_length_48"] = new DpoOptions { Data = new PreferenceOptions { MaxLength = 48 } },
        ["dpo_accumulate_4"] = new DpoOptions { Statistics = new UpdateStatistics { StatisticsBatch = 8 } },
        ["orpo"] = new OrpoOptions { Likelihood = OrpoLikelihood.Text },
        ["tpo_sigmoid"] = new TpoOptions { Beta = 0.1 },
        ["cpo_sigmoid"] = new CpoOptions(),
        ["cpo_hinge"] = new CpoOptions { LossType = CpoLoss.Hinge },
        ["cpo_simpo_with_nll"] = new CpoOptions
        {
            LossType = CpoLoss.Simpo,
            Beta = 2,
            CpoAlpha = 0.5,
        },
        ["cpo_alphapo"] = new CpoOptions
        {
            LossType = CpoLoss.Simpo,
            Beta = 2,
            Alpha = 0.25,
            CpoAlpha = 0,
        },
    };

    private static readonly Dictionary<string, KtoOptions> VerdictMethods = new()
    {
        ["kto"] = new KtoOptions { KlPairs = KlPairs.PreviousRow },
        ["kto_weights"] = new KtoOptions
        {
            KlPairs = KlPairs.PreviousRow,
            DesirableWeight = 1.33,
            UndesirableWeight = 0.75,
        },
        ["kto_accumulate_2"] = new KtoOptions
        {
            KlPairs = KlPairs.PreviousRow,
            Statistics = new UpdateStatistics { StatisticsBatch = 16 },
        },
        ["kto_apo_zero_unpaired"] = new KtoOptions { LossType = VerdictLoss.ApoZeroUnpaired },
        ["bco"] = new KtoOptions { LossType = VerdictLoss.Bco },
    };

    public static TheoryData<string> Pairs => [.. PairMethods.Keys];

    public static TheoryData<string> Verdicts => [.. VerdictMethods.Keys];

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task A_run_on_pairs_is_repeated(string name)
    {
        var steps = TrlRuns.Steps(FileOf(name), name, all: name is "dpo_sync_ref_0.6_2" or "bco");
        var method = PairMethods[name];
        using var policy = TrlRuns.Model();
        using var reference = policy.Copy();
        var run = await TrlRuns.RunAsync(
            method.Objective(policy, reference),
            Items(method, reference),
            steps.Length,
            new UpdatePreparation<PreferencePair>(batch => method.Prepare(batch, policy, reference)),
            method.Reference is { Moves: { SyncRefModel: true } moves } ? new MovingReference(moves, policy, reference) : null,
            name == "dpo_forward_kl" ? 2e-5 : 1e-3
        );
        TrlRuns.Agree(steps, run, Tolerance, Incomparable(name));
    }

    [Theory]
    [MemberData(nameof(Verdicts))]
    public async Task A_run_on_verdicts_is_repeated(string name)
    {
        var steps = TrlRuns.Steps(FileOf(name), name, all: name is "dpo_sync_ref_0.6_2" or "bco");
        using var policy = TrlRuns.Model();
        using var reference = policy.Copy();
        var preparation = new KtoPreparation(VerdictMethods[name], policy, reference, policy.Config.ContextLength);
        var run = await TrlRuns.RunAsync(
            new Kto.Objective(VerdictMethods[name], policy, reference),
            preparation.Items(TrlRuns.Verdicts()),
            steps.Length,
            preparation
        );
        TrlRuns.Agree(steps, run, Tolerance, Incomparable(name));
    }

    [Fact]
    public async Task Online_DPO_on_judged_answers_is_repeated()
    {
        var steps = TrlRuns.Steps(New, "online_dpo_sigmoid", all: true);
        using var policy = TrlRuns.Model();
        var pairs = Judged();
        var known = AnswerSums.Plain(policy, [.. pairs.Select(p => p.Chosen), .. pairs.Select(p => p.Rejected)]);
        var run = await TrlRuns.RunAsync(
            OnlineDpoExperience.Objective(new OnlineDpoOptions { Beta = 0.1 }, policy),
            [.. pairs.Select((p, i) => new PreferencePair(p, new ReferenceLogProbs(known[i], known[pairs.Length + i])))],
            steps.Length
        );
        // TRL's own of a round, some of which count padding; here the experience measures them, not the objective.
        string[] ofRounds =
        [
            .. steps[0].EnumerateObject().Select(f => f.Name).Where(n => n.Contains("objective/", StringComparison.Ordinal)),
        ];
        TrlRuns.Agree(steps, run, Tolerance, [.. ofRounds, "val/contain_eos_token", "beta"]);
    }

    /// <summary>The first two answers to each of GRPO's prompts, the one with the larger reward chosen, the first where they tie.</summary>
    private static TokenPair[] Judged()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/trl-1.16/grpo_cases.json")));
        var answers = document.RootElement.GetProperty("rows").EnumerateArray().Select(Answer).ToArray();
        return
        [
            .. answers
                .Chunk(4)
                .Select(group =>
                    group[0].Reward >= group[1].Reward
                        ? new TokenPair(group[0].Sequence, group[1].Sequence)
                        : new TokenPair(group[1].Sequence, group[0].Sequence)
                ),
        ];

        static (TokenSequence Sequence, double Reward) Answer(JsonElement row)
        {
            int[] Ids(string field) => [.. row.GetProperty(field).EnumerateArray().Select(t => t.GetInt32())];
            var prompt = Ids("prompt_ids");
            return (new TokenSequence([.. prompt, .. Ids("completion_ids")], prompt.Length), row.GetProperty("reward").GetDouble());
        }
    }

    [Theory]
    [InlineData("dpo_continue_adapter", true)]
    [InlineData("dpo_adapter_reference_base", false)]
    [InlineData("dpo_new_adapter", false)]
    public async Task A_run_of_an_adapter_is_repeated(string name, bool fromAdapter)
    {
        const string file = "trl-1.16/lora_dpo.json";
        var steps = TrlRuns.Steps(file, name);
        using var origin = TrlRuns.Model();
        using var policy = AdapterFiles.LoadLanguageModel(origin, SharedData.Require("golden/trl-1.16/adapter"));
        using var start = fromAdapter ? AdapterFiles.LoadLanguageModel(origin, SharedData.Require("golden/trl-1.16/adapter")) : null;
        if (name == "dpo_new_adapter")
        {
            TrlRuns.ZeroOutputs(policy);
        }

        var method = new DpoOptions();
        var run = await TrlRuns.RunAsync(method.Objective(policy, start ?? origin), Items(method, start ?? origin), steps.Length);
        TrlRuns.Agree(steps, run, Tolerance);
    }

    /// <summary>Cut at the end, as TRL does; a prompt that leaves no room for its answer loses it whole.</summary>
    private static TokenSequence Cut(TokenSequence row, IPairMethod method)
    {
        var length = Math.Min(row.Length, method.Data.MaxLength);
        return new TokenSequence(row.Tokens[..length], Math.Min(row.AnswerStart, length));
    }

    /// <summary>Pairs with the reference's log-probabilities computed beforehand, where the method lets that be.</summary>
    private static PreferencePair[] Items(IPairMethod method, LanguageModel reference)
    {
        TokenPair[] pairs =
        [
            .. TrlRuns
                .Pairs()
                .Select(p => p with { Chosen = Cut(p.Chosen, method), Rejected = Cut(p.Rejected, method) })
                .Where(p => p.Chosen.AnswerLength > 0 && p.Rejected.AnswerLength > 0),
        ];
        if (method.Reference is not { Moves.SyncRefModel: false } || method.TailWeight != 1)
        {
            return [.. pairs.Select(p => new PreferencePair(p, null))];
        }

        var known = AnswerSums.Plain(reference, [.. pairs.Select(p => p.Chosen), .. pairs.Select(p => p.Rejected)]);
        return [.. pairs.Select((p, i) => new PreferencePair(p, new ReferenceLogProbs(known[i], known[pairs.Length + i])))];
    }

    /// <summary>TRL logs means of micro-batches' means of what is a mean over tokens, and TPO's entropy over gold answers too.</summary>
    private static string[] Incomparable(string name) =>
        name.Contains("accumulate", StringComparison.Ordinal) ? ["entropy", "mean_token_accuracy", "logits/chosen", "logits/rejected"]
        // Rewards here are beta times what takes the place of the log ratio in the loss.
        : name == "dpo_forward_kl" ? ["rewards/chosen", "rewards/rejected", "rewards/margins"]
        : name.StartsWith("tpo", StringComparison.Ordinal) ? ["entropy"]
        : name.StartsWith("cpo_simpo", StringComparison.Ordinal) || name is "cpo_alphapo" or "orpo" ? ["logps/chosen", "logps/rejected"]
        : [];

    private static string FileOf(string name) =>
        name is "kto" or "orpo" or "dpo_apo_zero" or "dpo_nca_pair" or "dpo_sppo_hard" or "dpo_exo_pair" ? Old : New;
}

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
            Reference = new ReferenceOptions { SyncRefModel = true, RefModelSyncSteps = 2 },
        },
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
        var steps = TrlRuns.Steps(FileOf(name), name);
        var method = PairMethods[name];
        using var policy = TrlRuns.Model();
        using var reference = policy.Copy();
        var run = await TrlRuns.RunAsync(
            method.Objective(policy, reference),
            Items(method, reference),
            steps.Length,
            new UpdatePreparation<PreferencePair>(batch => method.Prepare(batch, policy, reference)),
            method.Reference is { SyncRefModel: true } moving ? new MovingReference(moving, policy, reference) : null,
            name == "dpo_forward_kl" ? 2e-5 : 1e-3
        );
        TrlRuns.Agree(steps, run, Tolerance, Incomparable(name));
    }

    [Theory]
    [MemberData(nameof(Verdicts))]
    public async Task A_run_on_verdicts_is_repeated(string name)
    {
        var steps = TrlRuns.Steps(FileOf(name), name);
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

    [Theory]
    [InlineData("dpo_continue_adapter", true)]
    [InlineData("dpo_adapter_reference_base", false)]
    public async Task A_run_of_an_adapter_is_repeated(string name, bool fromAdapter)
    {
        const string file = "trl-1.16/lora_dpo.json";
        var steps = TrlRuns.Steps(file, name);
        using var origin = TrlRuns.Model();
        using var policy = AdapterFiles.LoadLanguageModel(origin, SharedData.Require("golden/trl-1.16/adapter"));
        using var start = fromAdapter ? AdapterFiles.LoadLanguageModel(origin, SharedData.Require("golden/trl-1.16/adapter")) : null;
        var method = new DpoOptions();
        var run = await TrlRuns.RunAsync(method.Objective(policy, start ?? origin), Items(method, start ?? origin), steps.Length);
        TrlRuns.Agree(steps, run, Tolerance);
    }

    /// <summary>Pairs with the reference's log-probabilities computed beforehand, where the method lets that be.</summary>
    private static PreferencePair[] Items(IPairMethod method, LanguageModel reference)
    {
        var pairs = TrlRuns.Pairs();
        if (method.Reference is not { SyncRefModel: false } || method.TailWeight != 1)
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

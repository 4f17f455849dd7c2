using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Rewards;
using Attune.Training.Tokens;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by PPO.</summary>
[Runs(typeof(PpoOptions))]
public sealed record PpoStage : PolicyStage
{
    private const string NeedsValueNetwork =
        "ppo.value_network is reward-model, but there is none: no reward stage comes before and reward_model is not given. Use "
        + "policy or shared-trunk.";

    private const string NeedsPretrainingData = "ppo.ptx_coefficient needs pretraining_data: texts of the pretraining distribution.";

    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Description("texts from the pretraining distribution, for ptx_coefficient")]
    public string? PretrainingData { get; init; }

    [Description("pretraining texts to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int PretrainingRows { get; init; }

    [Flatten]
    public PpoOptions Method { get; init; } = new();

    internal override IPolicyOptions Options => Method;

    protected override IEnumerable<string> MissingForMethod(PlannedArtifacts given) =>
        [
            .. Method.ValueNetwork == ValueNetwork.RewardModel && !Task.HasRewardModel(given) ? [NeedsValueNetwork] : Array.Empty<string>(),
            .. Method.PtxCoefficient > 0 && PretrainingData is null ? [NeedsPretrainingData] : Array.Empty<string>(),
            .. PretrainingData is { } texts ? DataSource.Missing("ppo.pretraining_data", texts, PretrainingRows) : [],
        ];

    internal override async Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel)
    {
        var value = setup.Own(BuildValue(setup, context));
        var experience = new Ppo.Experience(Method, setup.Rollouts) { Value = value, Pretraining = LoadPretraining(setup, context) };
        return await FitAsync(
            setup,
            context,
            new Ppo.Objective(Method, setup.Policy, value) { Shared = setup.Shared },
            experience,
            "PPO",
            cancel
        );
    }

    private ValueFunction BuildValue(PolicySetup setup, StageContext context)
    {
        switch (Method.ValueNetwork)
        {
            case ValueNetwork.SharedTrunk:
                return new ValueFunction.SharedTrunk(setup.Policy.Config.Width);
            case ValueNetwork.RewardModel when Task.RewardFolder(context) is { } steps && ProcessModel.IsAt(steps):
                throw new ConfigurationException(
                    $"ppo.value_network is reward-model, but {steps} is a process reward model, whose classes are no value. Use policy "
                        + "(--value-network policy) or shared-trunk."
                );
            case ValueNetwork.RewardModel
                when Task.RewardFolder(context) is { } other && !ModelTokenizer.ReadsTheSameTokens(other, setup.Encoder.Tokenizer):
                throw new ConfigurationException(
                    $"ppo.value_network is reward-model, but {other} has another tokenizer than the policy, whose tokens the "
                        + "value network reads. Use policy (--value-network policy) or shared-trunk."
                );
            case ValueNetwork.RewardModel when Task.RewardFolder(context) is { } folder:
                var critic = setup.Own(Critic(setup, context, folder));
                context.FreezeLayers(critic, Method.Training);
                setup.Shared?.Share(critic);
                return new ValueFunction.Separate(critic, setup.Shared, RewardModel.UnitOfFirst(folder));
            case ValueNetwork.RewardModel:
                throw new ConfigurationException(NeedsValueNetwork);
            default:
                var fresh = setup.Own(
                    Method.Training.Lora.Config is { } adapter
                        ? ScalarModel.Adapted(setup.Reference, adapter, context.Seed.For("critic"))
                        : new ScalarModel(setup.Policy, context.Seed.For("critic"))
                );
                context.FreezeLayers(fresh, Method.Training);
                setup.Shared?.Share(fresh);
                return new ValueFunction.Separate(fresh, setup.Shared);
        }
    }

    /// <summary>
    /// The reward model, to be trained on as a value network: on the policy's own base where it is an adapter of that, else a model of its
    /// own.
    /// </summary>
    private ScalarModel Critic(PolicySetup setup, StageContext context, string folder)
    {
        if (Method.Training.Lora.Config is not { } adapter)
        {
            return ModelFiles.LoadScalarModel(folder, Method.Training.Precision);
        }

        return
            AdapterFiles.IsAdapter(folder)
            && setup.Reference.Origin is { } origin
            && Path.GetFullPath(AdapterFiles.BaseOf(folder)) == Path.GetFullPath(origin)
            && AdapterFiles.IsTrainable(folder)
            ? AdapterFiles.LoadScalarModel(setup.Reference, folder)
            : ScalarModel.Adapted(
                setup.Own(ModelFiles.LoadScalarModel(folder, Method.Training.Precision)),
                adapter,
                context.Seed.For("critic")
            );
    }

    private ImmutableArray<TokenSequence> LoadPretraining(PolicySetup setup, StageContext context)
    {
        if (Method.PtxCoefficient == 0)
        {
            return [];
        }

        var source = PretrainingData ?? throw new ConfigurationException(NeedsPretrainingData);
        return setup
            .Encoder.EncodeAll(
                DataSource.Documents(source, PretrainingRows, context).Items,
                Math.Min(1024, setup.Policy.Config.ContextLength)
            )
            .Items;
    }
}

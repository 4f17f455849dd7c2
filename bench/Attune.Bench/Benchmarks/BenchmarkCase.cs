using System.Globalization;
using Attune.Kernels;
using Attune.Models.Weights;

namespace Attune.Bench.Benchmarks;

/// <summary>One thing measured on a model shape.</summary>
public abstract record BenchmarkCase
{
    /// <summary>Timed repeats in each round; their median is the round's figure.</summary>
    public required int Repeats { get; init; }

    /// <summary>"train", "prefill", "decode", "ppo" or "repack".</summary>
    public abstract string Work { get; }

    /// <summary>Repeats before each round that are not counted.</summary>
    public virtual int WarmUps => 3;

    /// <summary>What a peer calls the figure in its JSON.</summary>
    public abstract string PeerFigure { get; }

    /// <summary>The numbers in a row's name: "8x256".</summary>
    public abstract string Shape { get; }

    /// <summary>Type that is computed in.</summary>
    public virtual string TypeName => "f32";

    /// <summary>What the figure counts.</summary>
    public abstract string Unit { get; }

    /// <summary>The figure from a repeat's seconds, in <see cref="Unit"/>.</summary>
    public abstract double Figure(double seconds);
}

/// <summary>Forward, backward and AdamW on full rows in which every token but the first is learned.</summary>
public sealed record TrainCase(int Batch, int Time) : BenchmarkCase
{
    public Precision Precision { get; init; }
    public override string Work => "train";
    public override string TypeName => Precision == Precision.Bf16 ? "bf16" : "f32";
    public override string Shape =>
        string.Create(CultureInfo.InvariantCulture, $"{Batch}x{Time}") + (Precision == Precision.Bf16 ? " bf16" : "");
    public override string Unit => BenchmarkRow.Milliseconds;
    public override string PeerFigure => "ms_per_step";

    public override double Figure(double seconds) => 1e3 * seconds;
}

/// <summary>Work of the rollout engine, in one of the types that it multiplies in.</summary>
public abstract record EngineCase : BenchmarkCase
{
    public KernelType Type { get; init; }
    public override string TypeName => Type.ToString().ToLowerInvariant();

    /// <summary>The type stands in the name where it is not 32 bits, the rule.</summary>
    protected string Named(FormattableString shape) =>
        shape.ToString(CultureInfo.InvariantCulture) + (Type == KernelType.F32 ? "" : $" {TypeName}");
}

/// <summary>Answers of a fixed length at temperature 1, prompt and sampling included, packing the weights not.</summary>
public sealed record DecodeCase(int Batch, int Prompt, int NewTokens) : EngineCase
{
    public override string Work => "decode";
    public override string Shape => Named($"{Batch}x({Prompt}+{NewTokens})");
    public override string Unit => BenchmarkRow.TokensPerSecond;
    public override string PeerFigure => "tokens_per_second";

    public override double Figure(double seconds) => Batch * NewTokens / seconds;
}

/// <summary>Reading prompts and drawing one token after each; prompt tokens are counted.</summary>
public sealed record PrefillCase(int Batch, int Prompt) : EngineCase
{
    public override string Work => "prefill";
    public override string Shape => Named($"{Batch}x{Prompt}");
    public override string Unit => BenchmarkRow.TokensPerSecond;
    public override string PeerFigure => "tokens_per_second";

    public override double Figure(double seconds) => Batch * Prompt / seconds;
}

/// <summary>Copying a model's weights into the rollout engine, as happens after each round of PPO.</summary>
public sealed record RepackCase : EngineCase
{
    public override string Work => "repack";
    public override string Shape => Named($"").TrimStart();
    public override string Unit => BenchmarkRow.Milliseconds;
    public override string PeerFigure => "ms_per_repack";

    public override double Figure(double seconds) => 1e3 * seconds;
}

/// <summary>
/// An iteration of PPO: new weights into the engine, answers of a fixed length, rewards, log-probabilities under policy and reference,
/// values from a head on the policy's trunk, and the epochs of updates over them.
/// </summary>
/// <param name="Rollouts">Answers of an iteration.</param>
/// <param name="Minibatch">Answers of an update.</param>
/// <param name="FrozenLayers">Lower layers that are not trained: those of policy, reference and reward models are the same.</param>
/// <param name="RewardModels">Members of the ensemble whose mean is the reward.</param>
public sealed record PpoCase(int Rollouts, int Prompt, int NewTokens, int Minibatch, int Epochs, int FrozenLayers, int RewardModels)
    : BenchmarkCase
{
    /// <summary>Of training, scoring and sampling.</summary>
    public Precision Precision { get; init; }
    public override string TypeName => Precision == Precision.Bf16 ? "bf16" : "f32";
    public override string Work => "ppo";
    public override string Shape =>
        string.Create(CultureInfo.InvariantCulture, $"{Rollouts}x({Prompt}+{NewTokens})") + (Precision == Precision.Bf16 ? " bf16" : "");
    public override string Unit => BenchmarkRow.Seconds;
    public override int WarmUps => 1;
    public override string PeerFigure => "seconds_per_iteration";

    public override double Figure(double seconds) => seconds;
}

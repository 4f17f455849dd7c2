using System.Collections.Immutable;
using Attune.Core;
using Attune.Kernels;
using Attune.Models.Configuration;
using Attune.Models.Weights;

namespace Attune.Bench.Benchmarks;

/// <summary>A model shape that speed is quoted for, and what is measured on it.</summary>
/// <param name="Name">As a peer's runner knows it.</param>
public sealed record BenchmarkSize(string Name, TransformerConfig Config, ImmutableArray<BenchmarkCase> Cases)
{
    /// <summary>4 layers of width 256: what the embedded default is made of.</summary>
    public static BenchmarkSize Tiny { get; } =
        new(
            "tiny",
            TransformerConfig.Gpt2(vocabularySize: 2048, width: 256, layers: 4, heads: 4, contextLength: 256),
            [
                new TrainCase(Batch: 4, Time: 64) { Repeats = 37 },
                new TrainCase(Batch: 4, Time: 64) { Repeats = 37, Precision = Precision.Bf16 },
                new TrainCase(Batch: 8, Time: 256) { Repeats = 37 },
                new TrainCase(Batch: 8, Time: 256) { Repeats = 37, Precision = Precision.Bf16 },
                new PrefillCase(Batch: 8, Prompt: 192) { Repeats = 9 },
                new DecodeCase(Batch: 64, Prompt: 16, NewTokens: 48) { Repeats = 9 },
                new DecodeCase(Batch: 64, Prompt: 16, NewTokens: 48) { Repeats = 9, Type = KernelType.BF16 },
                new RepackCase { Repeats = 9 },
            ]
        );

    /// <summary>GPT-2 124M (Radford et al. 2019).</summary>
    public static BenchmarkSize Small { get; } =
        new(
            "small",
            TransformerConfig.Gpt2(vocabularySize: 50257, width: 768, layers: 12, heads: 12, contextLength: 1024),
            [
                new TrainCase(Batch: 4, Time: 64) { Repeats = 10 },
                new TrainCase(Batch: 4, Time: 64) { Repeats = 10, Precision = Precision.Bf16 },
                new PrefillCase(Batch: 4, Prompt: 256) { Repeats = 3 },
                new PrefillCase(Batch: 4, Prompt: 256) { Repeats = 3, Type = KernelType.BF16 },
                new DecodeCase(Batch: 16, Prompt: 16, NewTokens: 48) { Repeats = 5 },
                new DecodeCase(Batch: 16, Prompt: 16, NewTokens: 48) { Repeats = 5, Type = KernelType.BF16 },
                new DecodeCase(Batch: 1, Prompt: 16, NewTokens: 48) { Repeats = 5 },
                new DecodeCase(Batch: 1, Prompt: 16, NewTokens: 48) { Repeats = 5, Type = KernelType.BF16 },
                new PpoCase(Rollouts: 32, Prompt: 16, NewTokens: 48, Minibatch: 16, Epochs: 2, FrozenLayers: 10, RewardModels: 1)
                {
                    Repeats = 1,
                },
                new PpoCase(Rollouts: 32, Prompt: 16, NewTokens: 48, Minibatch: 16, Epochs: 2, FrozenLayers: 10, RewardModels: 1)
                {
                    Repeats = 1,
                    Precision = Precision.Bf16,
                },
                new RepackCase { Repeats = 5 },
                new RepackCase { Repeats = 5, Type = KernelType.BF16 },
            ]
        );

    /// <summary>The embedded default, with the figures of recipes/demo.yaml: PPO as <c>attune demo</c> runs it.</summary>
    public static BenchmarkSize Demo { get; } =
        new(
            "demo",
            TransformerConfig.Gpt2(vocabularySize: 1024, width: 192, layers: 4, heads: 6, contextLength: 128),
            [
                new PpoCase(Rollouts: 256, Prompt: 16, NewTokens: 96, Minibatch: 64, Epochs: 2, FrozenLayers: 2, RewardModels: 2)
                {
                    Repeats = 2,
                },
                new PpoCase(Rollouts: 256, Prompt: 16, NewTokens: 96, Minibatch: 64, Epochs: 2, FrozenLayers: 2, RewardModels: 2)
                {
                    Repeats = 2,
                    Precision = Precision.Bf16,
                },
                new RepackCase { Repeats = 9 },
            ]
        );

    /// <summary>SmolLM2 135M (Allal et al. 2025), for decoding with weights in few bits.</summary>
    public static BenchmarkSize SmolLm2 { get; } =
        new(
            "smollm2",
            TransformerConfig.Llama(
                vocabularySize: 49152,
                width: 576,
                layers: 30,
                heads: 9,
                keyValueHeads: 3,
                hiddenWidth: 1536,
                contextLength: 8192
            ) with
            {
                TiedHead = true,
                RopeTheta = 100_000,
            },
            [
                .. new[] { KernelType.BF16, KernelType.Q8, KernelType.Q4 }.SelectMany<KernelType, BenchmarkCase>(type =>
                    [
                        new PrefillCase(Batch: 1, Prompt: 512) { Repeats = 3, Type = type },
                        new DecodeCase(Batch: 1, Prompt: 16, NewTokens: 128) { Repeats = 3, Type = type },
                        new DecodeCase(Batch: 8, Prompt: 16, NewTokens: 128) { Repeats = 3, Type = type },
                        new RepackCase { Repeats = 3, Type = type },
                    ]
                ),
            ]
        );

    public static ImmutableArray<BenchmarkSize> All { get; } = [Tiny, Small, Demo, SmolLm2];

    /// <exception cref="ConfigurationException">There is no such size.</exception>
    public static BenchmarkSize Named(string name) =>
        All.FirstOrDefault(s => s.Name == name)
        ?? throw new ConfigurationException(
            $"there is no benchmark size '{name}'; there are "
                + $"{string.Join(", ", All.Select(s => s.Name))}.{Suggestion.For(name, All.Select(s => s.Name))}"
        );
}

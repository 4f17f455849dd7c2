using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Tests;

/// <summary>Small models with random weights, large enough in spread that mistakes show.</summary>
internal static class TinyModels
{
    internal static TransformerConfig Gpt2 => TransformerConfig.Gpt2(vocabularySize: 83, width: 48, layers: 3, heads: 4, contextLength: 64);

    internal static TransformerConfig Llama =>
        TransformerConfig.Llama(vocabularySize: 91, width: 48, layers: 3, heads: 6, keyValueHeads: 2, hiddenWidth: 100, contextLength: 64);

    internal static TransformerConfig Qwen =>
        Llama with
        {
            Family = "qwen2",
            Biases = BiasKind.QueryKeyValue,
            TiedHead = true,
            RopeTheta = 500,
        };

    /// <summary>What the families after these three add, one of each.</summary>
    internal static TransformerConfig[] Others =>
        [
            Llama with
            {
                RopeScaling = new RopeScaling(RopeScalingKind.Llama3, 8, 16, 1, 4),
                Biases = BiasKind.Attention,
            },
            Llama with
            {
                RopeScaling = new RopeScaling(RopeScalingKind.Yarn, 4, 16, 1, 32, RopeScaling.YarnAttention(4)),
            },
            Llama with
            {
                RopeScaling = new RopeScaling(RopeScalingKind.Linear, 2),
                Biases = BiasKind.All,
            },
            Llama with
            {
                Family = "mistral",
                SlidingWindow = 7,
                OwnHeadWidth = 12,
            },
            Qwen with
            {
                SlidingWindow = 5,
            },
            Llama with
            {
                Family = "qwen3",
                QueryKeyNorm = true,
                OwnHeadWidth = 16,
                TiedHead = true,
            },
            Llama with
            {
                Family = "gemma",
                FeedForward = FeedForwardKind.GeGlu,
                NormsLessOne = true,
                EmbeddingScale = Math.Sqrt(48),
                OwnHeadWidth = 16,
                TiedHead = true,
            },
        ];

    /// <summary>Layers that the fused kernels and the engine do not compute, one of each kind.</summary>
    internal static TransformerConfig[] General =>
        [
            Llama with
            {
                Family = "gemma2",
                FeedForward = FeedForwardKind.GeGlu,
                NormsLessOne = true,
                NormPlacement = NormPlacement.Around,
                EmbeddingScale = Math.Sqrt(48),
                OwnHeadWidth = 12,
                AttentionScale = Math.Pow(20, -0.5),
                AttentionCap = 3,
                LogitCap = 4,
                SlidingWindow = 6,
                WindowedLayers = new([true, false, true]),
                TiedHead = true,
            },
            Llama with
            {
                Family = "gemma3_text",
                FeedForward = FeedForwardKind.GeGlu,
                NormsLessOne = true,
                NormPlacement = NormPlacement.Around,
                EmbeddingScale = Math.Sqrt(48),
                OwnHeadWidth = 12,
                AttentionScale = Math.Pow(20, -0.5),
                QueryKeyNorm = true,
                SlidingWindow = 6,
                WindowedLayers = new([true, true, false]),
                WindowRopeTheta = 300,
                TiedHead = true,
            },
            Llama with
            {
                Family = "olmo2",
                NormPlacement = NormPlacement.After,
                WholeQueryKeyNorm = true,
            },
            Llama with
            {
                Family = "granite",
                EmbeddingScale = 6,
                BranchScale = 0.6,
                AttentionScale = 0.12,
                LogitScale = 0.5,
            },
            Llama with
            {
                Family = "smollm3",
                UnturnedLayers = new([false, true, false]),
                TiedHead = true,
            },
            Llama with
            {
                Family = "phi3",
                OwnRotaryWidth = 4,
                RopeScaling = new RopeScaling(RopeScalingKind.LongRope, 2.5, 24)
                {
                    Attention = 1.1,
                    ShortFactors = new([1.0, 1.2]),
                    LongFactors = new([1.5, 3.0]),
                },
            },
            Llama with
            {
                Family = "stablelm",
                Norm = NormKind.LayerNorm,
                Biases = BiasKind.QueryKeyValue,
                OwnRotaryWidth = 2,
            },
            Llama with
            {
                Family = "qwen3_moe",
                QueryKeyNorm = true,
                OwnHeadWidth = 16,
                Experts = new Experts(5, 2, 24),
            },
            Llama with
            {
                Family = "mixtral",
                HiddenWidth = 36,
                Experts = new Experts(4, 2, 36),
            },
            Gpt2 with
            {
                Family = "gpt_neox",
                Positions = PositionKind.Rotary,
                FeedForward = FeedForwardKind.ExactGelu,
                ParallelBranches = true,
                OwnRotaryWidth = 4,
                TiedHead = false,
            },
        ];

    internal static TransformerConfig GptOss =>
        Llama with
        {
            Family = "gpt_oss",
            HiddenWidth = 20,
            OwnHeadWidth = 12,
            Biases = BiasKind.Attention,
            AttentionSinks = true,
            FeedForward = FeedForwardKind.BoundedSwiGlu,
            SlidingWindow = 9,
            WindowedLayers = new([true, false, true]),
            Experts = new Experts(5, 2, 20) { IsBiased = true },
            RopeScaling = new RopeScaling(RopeScalingKind.Yarn, 4, 16, 1, 8, RopeScaling.YarnAttention(4)) { IsRounded = false },
        };

    /// <summary>What mixtures of experts may be beyond those two.</summary>
    internal static TransformerConfig[] Mixtures =>
        [
            Llama with
            {
                Family = "qwen3_moe",
                QueryKeyNorm = true,
                Biases = BiasKind.Attention,
                SlidingWindow = 9,
                Experts = new Experts(3, 3, 20) { SharesSumToOne = false, Layers = new([false, true, true]) },
            },
            Llama with
            {
                Family = "mixtral",
                HiddenWidth = 36,
                SlidingWindow = 8,
                TiedHead = true,
                Experts = new Experts(3, 1, 36),
            },
            GptOss,
            GptOss with
            {
                Biases = BiasKind.None,
                RopeScaling = null,
                SlidingWindow = null,
                WindowedLayers = null,
            },
        ];

    internal static TransformerConfig OfFamily(string name) => General.Concat(Others).Append(GptOss).First(c => c.Family == name);

    internal static TransformerConfig ByName(string name) =>
        name switch
        {
            "gpt2" => Gpt2,
            "llama" => Llama,
            "qwen2" => Qwen,
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };

    /// <summary>Every parameter moved away from its fresh value, norms and biases too.</summary>
    internal static LanguageModel Random(TransformerConfig config, ulong seed = 1)
    {
        var model = new LanguageModel(config, new Seed(seed));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var (name, parameter) in model.NamedParameters)
        {
            var rng = new Seed(seed).For(name).Rng();
            var noise = new float[parameter.numel()];
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] = (float)(0.15 * rng.NextNormal());
            }

            parameter.add_(tensor(noise).view(parameter.shape));
        }

        return model;
    }

    internal static int[] Tokens(TransformerConfig config, int count, ulong seed)
    {
        var rng = new Seed(seed).Rng();
        return [.. Enumerable.Range(0, count).Select(_ => rng.NextInt(config.VocabularySize))];
    }

    internal static Tensor Rows(params int[][] rows) =>
        tensor(rows.SelectMany(r => r.Select(t => (long)t)).ToArray()).view(rows.Length, rows[0].Length);

    /// <summary>The logits of a text by the torch model, [tokens * vocabulary].</summary>
    internal static float[] Logits(LanguageModel model, int[] tokens)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return model.Logits(model.Trunk.Hidden(Rows(tokens))).to(ScalarType.Float32).contiguous().data<float>().ToArray();
    }
}

using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Testing.Training;

/// <summary>Models of two layers, 32 wide, with random weights: fast, and far enough from uniform that mistakes show.</summary>
public static class TinyModels
{
    public static TransformerConfig Config(int vocabulary = 20) =>
        TransformerConfig.Gpt2(vocabulary, width: 32, layers: 2, heads: 4, contextLength: 24);

    /// <param name="noise">Added to every fresh weight: 0.15 gives distributions with clear likes and dislikes.</param>
    public static LanguageModel Language(ulong seed, int vocabulary = 20, double noise = 0.15, Precision precision = Precision.F32)
    {
        var model = new LanguageModel(Config(vocabulary), new Seed(seed), precision);
        AddNoise(model, seed, noise);
        return model;
    }

    public static ScalarModel Scalar(ulong seed, int vocabulary = 20, double noise = 0.05, Precision precision = Precision.F32)
    {
        var model = new ScalarModel(Config(vocabulary), new Seed(seed), precision);
        AddNoise(model, seed, noise);
        return model;
    }

    /// <summary>Every weight, frozen ones and gaps too.</summary>
    public static float[] WeightsOf(TransformerModel model) => Values(model.Weights.Values);

    public static float[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    private static void AddNoise(TransformerModel model, ulong seed, double deviation)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var (name, parameter) in model.NamedParameters)
        {
            var rng = new Seed(seed).For("noise " + name).Rng();
            var noise = new float[parameter.numel()];
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] = (float)(deviation * rng.NextNormal());
            }

            model.Weights.ExactOf(name).add_(tensor(noise).view(parameter.shape));
        }

        model.Weights.Round();
    }
}

using Attune.Core.Runs;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>
/// Fresh weights as GPT-2 has them: normal with deviation 0.02, maps that end in the residual stream scaled by 1/sqrt(2 layers),
/// biases 0, norms 1; the score head normal with deviation 1/sqrt(width + 1) (Stiennon et al. 2020).
/// </summary>
public static class Initialization
{
    private const int Chunk = 1 << 15;

    /// <summary>Fills the parameters; the same seed gives the same weights on any machine and any number of threads.</summary>
    public static void Fill(FlatParameters parameters, TransformerConfig config, Seed seed)
    {
        foreach (var slot in parameters.Slots)
        {
            Fill(parameters, slot, config, seed);
        }
    }

    /// <summary>Fills one parameter: what it gets depends on its name and the seed only.</summary>
    public static void Fill(FlatParameters parameters, ParameterSlot slot, TransformerConfig config, Seed seed)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var parameter = parameters.ExactOf(slot.Name);
        if (Deviation(slot, config) is not { } deviation)
        {
            parameter.fill_(slot.Name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1);
            parameters.Round();
            return;
        }

        var values = new float[slot.Length];
        Parallel.For(
            0L,
            (slot.Length + Chunk - 1) / Chunk,
            part =>
            {
                var rng = seed.For("initial " + slot.Name, part).Rng();
                var chunk = values.AsSpan((int)(part * Chunk), (int)Math.Min(Chunk, slot.Length - part * Chunk));
                for (var i = 0; i < chunk.Length; i++)
                {
                    chunk[i] = (float)(deviation * rng.NextNormal());
                }
            }
        );
        parameter.copy_(tensor(values).view([.. slot.Shape]));
        parameters.Round();
    }

    private static double? Deviation(ParameterSlot slot, TransformerConfig config) =>
        slot switch
        {
            { Name: "score" } => 1 / Math.Sqrt(config.Width + 1),
            { IsMatrix: false } => null,
            _ when slot.Name.EndsWith(".out.weight", StringComparison.Ordinal)
                    || slot.Name.EndsWith(".down.weight", StringComparison.Ordinal) => 0.02 / Math.Sqrt(2 * config.Layers),
            _ => 0.02,
        };
}

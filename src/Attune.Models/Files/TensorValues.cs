using System.Runtime.InteropServices;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Files;

/// <summary>The numbers of a model's parameters as Hugging Face's files have them.</summary>
internal static class TensorValues
{
    /// <summary>Of a file's whole tensor: one matrix, or those that are stacked in it.</summary>
    internal static float[] Of(TransformerModel model, HuggingFaceTensor[] stacked)
    {
        if (stacked.Length == 1)
        {
            return Of(model, stacked[0]);
        }

        var values = new float[stacked.Sum(t => t.Length)];
        foreach (var tensor in stacked)
        {
            Of(model, tensor).CopyTo(values, tensor.Index * tensor.Length);
        }

        return values;
    }

    /// <summary>An adapter merged and nothing quantised, in the file's order.</summary>
    internal static float[] Of(TransformerModel model, HuggingFaceTensor tensor)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rows = model.ExactOf(tensor.Slot).narrow(0, tensor.FirstRow, tensor.Rows);
        var together = tensor.Together(rows);
        var exact = (tensor.Transposed ? together.t() : together).to(ScalarType.Float32);
        var ordered = (tensor.Offset == 0 ? exact : exact - tensor.Offset).cpu().contiguous();
        var values = new float[ordered.numel()];
        ordered.bytes.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    internal static void Set(TransformerModel model, HuggingFaceTensor file, float[] values)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var given = tensor(values).view([.. file.Shape]);
        given = file.Offset == 0 ? given : given + file.Offset;
        given = file.Apart(file.Transposed ? given.t() : given);
        if (model.Quantized.TryGetValue(file.Slot, out var matrix))
        {
            matrix.SetRows(file.FirstRow, given.contiguous().data<float>().ToArray());
            return;
        }

        model.Weights.ExactOf(file.Slot).narrow(0, file.FirstRow, file.Rows).copy_(given);
    }
}

using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>Names weights by what they are.</summary>
public static class WeightHash
{
    /// <summary>SHA-256 of all that a model computes with, lower-case hexadecimal.</summary>
    public static string Sha256(this TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Adapter is null && model.Quantized.Count == 0)
        {
            return model.Weights.Sha256();
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Convert.FromHexString(model.Weights.Sha256()));
        hash.AppendData(Convert.FromHexString(model.Learner.Sha256()));
        foreach (var (_, matrix) in model.Quantized.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            matrix.AddTo(hash);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>SHA-256 of all values, lower-case hexadecimal.</summary>
    public static string Sha256(this FlatParameters weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return Convert.ToHexStringLower(SHA256.HashData(weights.Values.detach().cpu().contiguous().bytes));
    }
}

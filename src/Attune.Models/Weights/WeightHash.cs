using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>Names weights by what they are.</summary>
public static class WeightHash
{
    /// <summary>SHA-256 of all values, lower-case hexadecimal.</summary>
    public static string Sha256(this FlatParameters weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return Convert.ToHexStringLower(SHA256.HashData(weights.Values.detach().cpu().contiguous().bytes));
    }
}

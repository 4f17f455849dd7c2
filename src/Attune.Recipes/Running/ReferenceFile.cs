using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Attune.Core.Files;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;

namespace Attune.Recipes.Running;

/// <summary>
/// log pi_ref of every answer, computed once and kept in the stage's folder with the hashes of what it was computed from, so that a resumed
/// run goes on with the same numbers.
/// </summary>
internal static class ReferenceFile
{
    private sealed record Content(string Tokens, string Weights, double[] LogProbs);

    /// <returns>One number a sequence, nats.</returns>
    public static double[] LogProbs(StageContext context, string name, LanguageModel reference, IReadOnlyList<TokenSequence> sequences)
    {
        var path = Path.Combine(context.Folder, $"reference-logps-{name}.json");
        var (tokens, weights) = (HashOf(sequences), reference.Sha256());
        if (Read(path) is { } kept && kept.Tokens == tokens && kept.Weights == weights && kept.LogProbs.Length == sequences.Count)
        {
            return kept.LogProbs;
        }

        context.Screen.Report("reference", 0, sequences.Count, $"log-probabilities of {sequences.Count} answers");
        var computed = AnswerSums.Plain(reference, sequences);
        context.Screen.Report("reference", sequences.Count, sequences.Count, $"log-probabilities of {sequences.Count} answers");
        AtomicFile.WriteText(path, JsonSerializer.Serialize(new Content(tokens, weights, computed)));
        return computed;
    }

    private static Content? Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Content>(File.ReadAllText(path)) : null;
        }
        catch (JsonException)
        {
            return null; // damaged: computed anew
        }
    }

    private static string HashOf(IReadOnlyList<TokenSequence> sequences)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var sequence in sequences)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([sequence.Length, sequence.AnswerStart]));
            hash.AppendData(MemoryMarshal.AsBytes(sequence.Tokens.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

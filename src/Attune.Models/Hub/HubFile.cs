using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Attune.Core;

namespace Attune.Models.Hub;

/// <summary>A file of a model on a hub.</summary>
/// <param name="Hash">In hex: SHA-256 of the content for large files, git's SHA-1 of the blob for small ones; null where the hub does not
/// tell.</param>
internal sealed record HubFile(string Name, long? Size, string? Hash)
{
    private static readonly string[] Wanted = [".safetensors", ".json", ".model", ".txt", ".jinja", ".md"];

    /// <summary>
    /// True for what a model folder needs. Weights in other formats, and files in folders below, are other tools'; a name with a path in it
    /// could lead out of the folder.
    /// </summary>
    public static bool IsWanted(string name) =>
        name.Length is > 0 and <= 200
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
        && name[0] != '.'
        && !name.StartsWith("consolidated", StringComparison.Ordinal)
        && (Wanted.Contains(Path.GetExtension(name)) || name.StartsWith("LICENSE", StringComparison.Ordinal));

    public static HubFile Read(JsonElement entry)
    {
        var lfs = entry.TryGetProperty("lfs", out var large) && large.ValueKind == JsonValueKind.Object;
        long? size = entry.TryGetProperty("size", out var number) && number.ValueKind == JsonValueKind.Number ? number.GetInt64() : null;
        var hash = lfs ? Text(large, "sha256") ?? Text(large, "oid") : Text(entry, "blobId");
        return new HubFile(Text(entry, "rfilename") ?? "", size, hash?.Replace("sha256:", "", StringComparison.Ordinal));
    }

    /// <summary>Whether a file on disk is this one.</summary>
    public async Task<bool> MatchesAsync(string path, CancellationToken cancel)
    {
        var length = new FileInfo(path).Length;
        if (Size is { } size && length != size)
        {
            return false;
        }
        return Hash is null || Hash.Equals(await HashAsync(path, length, cancel), StringComparison.OrdinalIgnoreCase);
    }

    private async Task<string> HashAsync(string path, long length, CancellationToken cancel)
    {
        // Git hashes a header before the content; the algorithm is git's, not a choice made here.
        using var hash = IncrementalHash.CreateHash(Hash!.Length == 64 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (Hash.Length != 64)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {length}\0"));
        }
        var buffer = new byte[1 << 18];
        using var file = File.OpenRead(path);
        for (var read = await file.ReadAsync(buffer, cancel); read > 0; read = await file.ReadAsync(buffer, cancel))
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A model's name on a hub, as people write it: <c>owner/model</c>, or <c>owner/model@revision</c>.</summary>
public sealed record HubName(string Model, string Revision)
{
    /// <exception cref="ConfigurationException">Not of that form.</exception>
    public static HubName Parse(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (model, revision) = at < 0 ? (text, "main") : (text[..at], text[(at + 1)..]);
        static bool Fits(string part) =>
            part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && part != "." && part != "..";
        return model.Split('/') is { Length: 1 or 2 } parts && parts.All(Fits) && revision.Split('/').All(Fits)
            ? new HubName(model, revision)
            : throw new ConfigurationException(
                $"'{text}' is not a model's name; expected OWNER/MODEL or OWNER/MODEL@REVISION, such as openai-community/gpt2@main."
            );
    }
}

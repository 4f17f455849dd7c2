using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Models.Hub;

/// <summary>What has arrived of a file.</summary>
public readonly record struct HubProgress(string File, long Received, long? Size);

/// <summary>
/// Fetches models from a hub that speaks Hugging Face's protocol: a list of files with their hashes, then each file. A fetch that was cut
/// goes on where it stopped; a file stands under its name only when it is whole and its hash is right.
/// </summary>
/// <param name="hub">The hub's address, or a mirror's.</param>
/// <param name="token">Sent to the hub, never to where it redirects; null for public models.</param>
/// <param name="time">Waits between attempts.</param>
public sealed partial class ModelHub(HttpClient http, Uri hub, string? token, TimeProvider time)
{
    /// <summary>Where models are fetched from if nothing else is said.</summary>
    public static Uri Usual { get; } = new("https://huggingface.co");

    /// <summary>Written last into a folder that is whole: what was fetched.</summary>
    public const string Pulled = "pulled.json";

    private const string Partial = ".part";
    private const int Attempts = 6;
    private const int LongestList = 16 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Fetches what a model folder needs; files that are there already and whole are left alone.</summary>
    /// <returns>The commit that was fetched, and the files' names.</returns>
    /// <exception cref="AttuneException">No such model, no permission, no connection, or a file that arrives damaged twice.</exception>
    public async Task<(string Commit, ImmutableArray<string> Files)> PullAsync(
        HubName name,
        string folder,
        Action<HubProgress> report,
        CancellationToken cancel
    )
    {
        var (commit, files) = await ListAsync(name, cancel);
        if (!files.Any(f => f.Name == "config.json"))
        {
            throw new AttuneException(
                $"{hub} has {name.Model}, but no config.json in it; expected a model in Hugging Face layout. Found "
                    + $"{string.Join(", ", files.Take(8).Select(f => f.Name))}."
            );
        }
        Directory.CreateDirectory(folder);
        foreach (var file in files)
        {
            await FetchAsync(name, commit, file, Path.Combine(folder, file.Name), report, cancel);
        }

        AtomicFile.WriteText(
            Path.Combine(folder, Pulled),
            JsonSerializer.Serialize(
                new
                {
                    model = name.Model,
                    revision = name.Revision,
                    commit,
                    files = files.Select(f => new
                    {
                        name = f.Name,
                        size = f.Size,
                        hash = f.Hash,
                    }),
                }
            )
        );
        return (commit, [.. files.Select(f => f.Name)]);
    }

    private async Task<(string Commit, ImmutableArray<HubFile> Files)> ListAsync(HubName name, CancellationToken cancel)
    {
        var address = new Uri(hub, $"api/models/{name.Model}/revision/{Uri.EscapeDataString(name.Revision)}?blobs=true");
        return await TryAgainAsync(
            name,
            async () =>
            {
                using var response = await SendAsync(address, null, cancel);
                Check(response, name, address);
                await response.Content.LoadIntoBufferAsync(LongestList, cancel);
                using var list = await ParseAsync(response, address, cancel);
                if (
                    list.RootElement.ValueKind != JsonValueKind.Object
                    || !list.RootElement.TryGetProperty("siblings", out var entries)
                    || entries.ValueKind != JsonValueKind.Array
                )
                {
                    throw new AttuneException(
                        $"{address} answered without a list of files (siblings); expected a hub that speaks Hugging Face's protocol."
                    );
                }
                var commit =
                    list.RootElement.TryGetProperty("sha", out var sha)
                    && sha.ValueKind == JsonValueKind.String
                    && sha.GetString() is { } text
                    && text.All(char.IsAsciiLetterOrDigit)
                        ? text
                        : name.Revision;
                return (
                    commit,
                    entries
                        .EnumerateArray()
                        .Where(e => e.ValueKind == JsonValueKind.Object)
                        .Select(HubFile.Read)
                        .Where(f => HubFile.IsWanted(f.Name))
                        .ToImmutableArray()
                );
            },
            cancel
        );
    }

    private async Task FetchAsync(
        HubName name,
        string commit,
        HubFile file,
        string path,
        Action<HubProgress> report,
        CancellationToken cancel
    )
    {
        if (File.Exists(path) && await file.MatchesAsync(path, cancel))
        {
            return;
        }
        var address = new Uri(hub, $"{name.Model}/resolve/{Uri.EscapeDataString(commit)}/{file.Name}");
        for (var damaged = 0; ; damaged++)
        {
            await TryAgainAsync(
                name,
                async () =>
                {
                    await ReceiveAsync(name, address, file, path + Partial, report, cancel);
                    return true;
                },
                cancel
            );
            if (await file.MatchesAsync(path + Partial, cancel))
            {
                break;
            }
            // What an earlier fetch left may be the beginning of another version, so the file is fetched once more from the start.
            File.Delete(path + Partial);
            if (damaged == 1)
            {
                throw new AttuneException(
                    $"{address} arrived twice with another size or hash than the hub's list says (expected {file.Hash}); "
                        + "nothing was kept of it. The mirror may be damaged."
                );
            }
        }

        File.Move(path + Partial, path, overwrite: true);
    }
}

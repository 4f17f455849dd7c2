using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
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
public sealed class ModelHub(HttpClient http, Uri hub, string? token, TimeProvider time)
{
    /// <summary>Where models are fetched from if nothing else is said.</summary>
    public static Uri Usual { get; } = new("https://huggingface.co");

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
            Path.Combine(folder, "pulled.json"),
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
            // What stood there from an earlier fetch may have been another version's beginning; once more from the start tells.
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

    private async Task ReceiveAsync(
        HubName name,
        Uri address,
        HubFile file,
        string partial,
        Action<HubProgress> report,
        CancellationToken cancel
    )
    {
        var have = File.Exists(partial) ? new FileInfo(partial).Length : 0;
        if (have > 0 && have >= file.Size)
        {
            return;
        }
        using var response = await SendAsync(address, have > 0 ? have : null, cancel);
        if (have > 0 && response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return;
        }
        Check(response, name, address);
        // A server that knows no ranges begins anew.
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != have)
        {
            have = 0;
        }
        try
        {
            using var target = new FileStream(partial, have > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write);
            await CopyAsync(response, target, file, have, report, cancel);
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new AttuneException($"{partial} cannot be written: {problem.Message}", problem);
        }
    }

    private static async Task CopyAsync(
        HttpResponseMessage response,
        FileStream target,
        HubFile file,
        long have,
        Action<HubProgress> report,
        CancellationToken cancel
    )
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var source = await response.Content.ReadAsStreamAsync(stall.Token);
        var buffer = new byte[1 << 17];
        while (true)
        {
            stall.CancelAfter(Patience);
            var read = await source.ReadAsync(buffer, stall.Token);
            if (read == 0)
            {
                break;
            }
            // A server that sends without end must not fill the disk.
            if (have + read > (file.Size ?? long.MaxValue))
            {
                throw new AttuneException(
                    $"{file.Name}: more than the {file.Size} bytes that the hub's list says arrived; the mirror may be damaged."
                );
            }
            await target.WriteAsync(buffer.AsMemory(0, read), cancel);
            report(new HubProgress(file.Name, have += read, file.Size));
        }

        if (file.Size is { } size && have < size)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"{file.Name} ended after {have} of {size} bytes");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, long? from, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (token is { Length: > 0 })
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        if (from is { } start)
        {
            request.Headers.Range = new RangeHeaderValue(start, null);
        }
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    /// <summary>
    /// Passing faults (a cut connection, a busy server) are tried again with growing pauses; each attempt goes on where the last one
    /// stopped.
    /// </summary>
    private async Task<T> TryAgainAsync<T>(HubName name, Func<Task<T>> work, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (Exception problem)
                when (problem is HttpRequestException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                if (attempt == Attempts)
                {
                    throw new AttuneException(
                        $"{name.Model} could not be fetched from {hub}: {problem.Message.TrimEnd('.')} ({Attempts} attempts). "
                            + "What arrived is kept; the same command goes on from there.",
                        problem
                    );
                }
                await Task.Delay(TimeSpan.FromSeconds(Math.Pow(2, attempt - 2)), time, cancel);
            }
        }
    }

    private void Check(HttpResponseMessage response, HubName name, Uri address)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }
        var code = (int)response.StatusCode;
        throw response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new AttuneException(
                $"{hub} refuses {name.Model} ({code}): "
                    + (
                        token is null
                            ? "no token was given; put yours in the environment variable HF_TOKEN"
                            : "the token in HF_TOKEN has no right to it"
                    )
                    + ". "
                    + "Some models ask you to accept a licence on their page first."
            ),
            HttpStatusCode.NotFound => new AttuneException(
                $"{hub} has no model '{name.Model}' with revision '{name.Revision}' ({address} was not found)."
            ),
            HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new HttpRequestException(
                $"{address} answered {code}"
            ),
            _ => new AttuneException($"{address} answered {code} ({response.ReasonPhrase}); expected a file."),
        };
    }

    private static async Task<JsonDocument> ParseAsync(HttpResponseMessage response, Uri address, CancellationToken cancel)
    {
        try
        {
            return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
        }
        catch (JsonException problem)
        {
            throw new AttuneException($"{address} did not answer with JSON; expected a hub that speaks Hugging Face's protocol.", problem);
        }
    }
}

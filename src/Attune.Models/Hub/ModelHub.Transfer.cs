using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Attune.Core;

namespace Attune.Models.Hub;

/// <summary>Requests, their repetition, and what arrives.</summary>
public sealed partial class ModelHub
{
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
        // A server that knows no ranges sends the file from its start.
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
                            + "What arrived is kept; the same command resumes from there.",
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

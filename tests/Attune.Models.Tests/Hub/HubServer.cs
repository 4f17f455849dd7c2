using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Attune.Models.Tests.Hub;

/// <summary>A hub on this machine that can cut connections, damage files and ask for a token.</summary>
internal sealed class HubServer : IDisposable
{
    private readonly HttpListener _listener = new();

    public HubServer()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }

        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public Uri Address { get; }
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Bytes after which each answer is cut off; 0 for never.</summary>
    public int CutAfter { get; set; }

    public bool KnowsRanges { get; set; } = true;
    public string? Token { get; set; }

    /// <summary>Answers that are 503 before one is given.</summary>
    public int Busy { get; set; }

    /// <summary>Sent instead of the file's own content.</summary>
    public Dictionary<string, byte[]> Damaged { get; } = new(StringComparer.Ordinal);

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                Answer(context.Request, context.Response);
            }
            catch (Exception problem)
                when (problem is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
            {
                // Closed, or the other side went away.
            }
        }
    }

    private void Answer(HttpListenerRequest request, HttpListenerResponse response)
    {
        var path = request.Url!.AbsolutePath;
        Requests.Enqueue($"{path} {request.Headers["Range"]}".TrimEnd());
        if (Busy > 0)
        {
            Busy--;
            Close(response, 503);
        }
        else if (Token is not null && request.Headers["Authorization"] != "Bearer " + Token)
        {
            Close(response, 401);
        }
        else if (path == "/api/models/owner/tiny/revision/main")
        {
            Send(
                request,
                response,
                Encoding.UTF8.GetBytes(
                    JsonSerializer.Serialize(new { sha = "c0ffee", siblings = Files.Select(f => Entry(f.Key, f.Value)) })
                ),
                cut: false
            );
        }
        else if (path.StartsWith("/owner/tiny/resolve/c0ffee/", StringComparison.Ordinal) && Files.TryGetValue(path[27..], out var content))
        {
            Send(request, response, Damaged.GetValueOrDefault(path[27..], content), cut: true);
        }
        else
        {
            Close(response, 404);
        }
    }

    // Large files are listed with SHA-256, small ones with git's hash, as on the public hub.
    private static object Entry(string name, byte[] content) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal)
            ? new
            {
                rfilename = name,
                size = content.Length,
                blobId = "0",
                lfs = (object?)new { sha256 = Convert.ToHexStringLower(SHA256.HashData(content)), size = content.Length },
            }
            : new
            {
                rfilename = name,
                size = content.Length,
                blobId = GitHash(content),
                lfs = (object?)null,
            };

#pragma warning disable CA5350 // Git's blobs are named by SHA-1.
    private static string GitHash(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    private void Send(HttpListenerRequest request, HttpListenerResponse response, byte[] content, bool cut)
    {
        var from = KnowsRanges && request.Headers["Range"] is { } range ? int.Parse(range["bytes=".Length..^1]) : 0;
        if (from > 0)
        {
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        response.ContentLength64 = content.Length - from;
        var sent = cut && CutAfter > 0 ? Math.Min(CutAfter, content.Length - from) : content.Length - from;
        response.OutputStream.Write(content, from, sent);
        if (sent < content.Length - from)
        {
            response.OutputStream.Flush();
            response.Abort();
        }
        else
        {
            response.Close();
        }
    }

    private static void Close(HttpListenerResponse response, int code)
    {
        response.StatusCode = code;
        response.Close();
    }
}

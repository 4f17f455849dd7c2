using System.Text.RegularExpressions;
using Attune.Core;

namespace Attune.Models.Hub;

/// <summary>
/// Models by their names on a hub. One that Hugging Face's own tools have fetched already is used where it lies; any other is fetched
/// once, into <c>ATTUNE_CACHE</c> (default: <c>attune</c> in the user's cache folder).
/// </summary>
/// <remarks>
/// Environment: <c>HF_ENDPOINT</c> names another hub, <c>HF_TOKEN</c> is sent to it, and <c>HF_HUB_OFFLINE=1</c> forbids to fetch.
/// </remarks>
public static partial class HubCache
{
    /// <summary>Called while a model is fetched; null for no one.</summary>
    public static Action<HubProgress>? Watch { get; set; }

    /// <summary>Whether a model is meant that is not here: OWNER/MODEL or OWNER/MODEL@REVISION, where no folder OWNER is.</summary>
    public static bool IsName(string model) =>
        Name().IsMatch(model) && !Directory.Exists(model[..model.IndexOf('/', StringComparison.Ordinal)]);

    /// <summary>The model's folder.</summary>
    /// <exception cref="AttuneException">It was not fetched before, and cannot be now.</exception>
    public static string Find(string model)
    {
        var name = HubName.Parse(model);
        if (FetchedByOthers(name) is { } there)
        {
            return there;
        }

        var folder = Path.Combine(Folder, $"{name.Model.Replace("/", "--", StringComparison.Ordinal)}@{name.Revision.Replace('/', '-')}");
        if (File.Exists(Path.Combine(folder, ModelHub.Pulled)))
        {
            return folder;
        }

        if (Environment.GetEnvironmentVariable("HF_HUB_OFFLINE") is "1" or "true" or "True" or "TRUE" or "ON" or "YES")
        {
            throw new ConfigurationException(
                $"model {model}: there is no such folder, nor was it fetched from a hub before, and HF_HUB_OFFLINE forbids to fetch it "
                    + "now. Expected a model's folder, a GGUF file, or a name on the hub."
            );
        }

        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var hub = new ModelHub(http, Address(), Environment.GetEnvironmentVariable("HF_TOKEN"), TimeProvider.System);
        try
        {
            hub.PullAsync(name, folder, progress => Watch?.Invoke(progress), CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (AttuneException problem)
        {
            throw new ConfigurationException($"model {model}: there is no such folder, and the hub did not give it: {problem.Message}");
        }

        return folder;
    }

    /// <summary>The hub that the environment names, or the usual one.</summary>
    /// <exception cref="ConfigurationException">It is no address.</exception>
    public static Uri Address(string? given = null)
    {
        given ??= Environment.GetEnvironmentVariable("HF_ENDPOINT");
        return
            Uri.TryCreate((given ?? ModelHub.Usual.ToString()).TrimEnd('/') + "/", UriKind.Absolute, out var address)
            && address.Scheme is ("http" or "https")
            ? address
            : throw new ConfigurationException($"the hub is '{given}'; expected an address that begins with http:// or https://.");
    }

    private static string Folder =>
        Environment.GetEnvironmentVariable("ATTUNE_CACHE") is { Length: > 0 } own ? own : Path.Combine(UserCache, "attune", "hub");

    private static string UserCache =>
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    /// <summary>Where huggingface_hub keeps what it fetched: the commit of a revision, and a folder for each commit.</summary>
    private static string? FetchedByOthers(HubName name)
    {
        var home = Environment.GetEnvironmentVariable("HF_HOME") is { Length: > 0 } given ? given : Path.Combine(UserCache, "huggingface");
        var hub = Environment.GetEnvironmentVariable("HF_HUB_CACHE") is { Length: > 0 } named ? named : Path.Combine(home, "hub");
        var model = Path.Combine(hub, "models--" + name.Model.Replace("/", "--", StringComparison.Ordinal));
        var revision = Path.Combine(model, "refs", name.Revision);
        var commit = File.Exists(revision) ? File.ReadAllText(revision).Trim() : name.Revision;
        var snapshot = Path.Combine(model, "snapshots", commit);
        return File.Exists(Path.Combine(snapshot, "config.json")) ? snapshot : null;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._\-]*/[A-Za-z0-9][A-Za-z0-9._\-]*(@[A-Za-z0-9][A-Za-z0-9._\-/]*)?$")]
    private static partial Regex Name();
}

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Attune.Web.Configuration;

/// <summary>
/// Where links to this server lead. It never comes from a request: its Host header is whatever the sender wrote, and a link with a token in
/// it would lead there.
/// </summary>
internal sealed class ServerAddress(WebOptions options, IServer server)
{
    /// <summary>The address it listens on, with the actual port.</summary>
    public string Listening =>
        server
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First()
            .Replace("[::]", "localhost", StringComparison.Ordinal)
            .Replace("0.0.0.0", "localhost", StringComparison.Ordinal);

    public bool IsConfigured => options.PublicAddress is not null;

    /// <summary>A whole address of a path here, to be sent to people.</summary>
    public string LinkTo(string path) => (options.PublicAddress?.GetLeftPart(UriPartial.Authority) ?? Listening) + path;
}

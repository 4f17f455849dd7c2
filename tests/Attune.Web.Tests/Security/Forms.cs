using System.Text.RegularExpressions;

namespace Attune.Web.Tests.Security;

/// <summary>Sends forms as a page's script does.</summary>
internal static partial class Forms
{
    public static async Task<string> TokenAsync(HttpClient client)
    {
        var page = await client.GetStringAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        return Token().Match(page).Groups[1].Value;
    }

    public static async Task<HttpResponseMessage> PostAsync(
        HttpClient client,
        string path,
        IEnumerable<KeyValuePair<string, string>> fields
    ) => await PostAsync(client, path, new FormUrlEncodedContent(fields));

    public static async Task<HttpResponseMessage> PostAsync(
        HttpClient client,
        string path,
        HttpContent content,
        bool json = true,
        bool expect = false
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Add("RequestVerificationToken", await TokenAsync(client));
        // Asks before it sends, so that a refusal is read and not a broken line.
        request.Headers.ExpectContinue = expect;
        if (json)
        {
            request.Headers.Add("Accept", "application/json");
        }
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("name=\"attune-token\" content=\"([^\"]+)\"")]
    private static partial Regex Token();
}

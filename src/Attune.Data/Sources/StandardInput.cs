namespace Attune.Data.Sources;

/// <summary>What is piped into the program, under the name <c>-</c>. It is read once and kept, since a file is looked at more than
/// once.</summary>
public static class StandardInput
{
    private static readonly Lazy<byte[]> Read = new(() =>
    {
        using var input = Console.OpenStandardInput();
        using var content = new MemoryStream();
        input.CopyTo(content);
        return content.ToArray();
    });

    public const string Name = "-";

    internal static byte[] Content => Read.Value;
}

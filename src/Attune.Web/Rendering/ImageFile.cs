namespace Attune.Web.Rendering;

/// <summary>Image files that items may show.</summary>
internal static class ImageFile
{
    /// <summary>The type by a file's first bytes, not by its name; null for everything that is not a picture of pixels.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> start) =>
        start.StartsWith(Png) ? "image/png"
        : start.StartsWith(Jpeg) ? "image/jpeg"
        : start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8) ? "image/gif"
        : start.Length >= 12 && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBP"u8) ? "image/webp"
        : null;

    /// <summary>A plain file name, as items use it: no folder, no address.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 200
        && name[0] != '.'
        && name.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or ' ')
        && Path.GetExtension(name).ToLowerInvariant() is ".png" or ".jpg" or ".jpeg" or ".gif" or ".webp";

    private static ReadOnlySpan<byte> Png => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
    private static ReadOnlySpan<byte> Jpeg => [0xFF, 0xD8, 0xFF];
}

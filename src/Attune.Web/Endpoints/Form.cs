using Attune.Web.Annotation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Attune.Web.Endpoints;

/// <summary>Reads the fields of a form.</summary>
internal static class Form
{
    public static async Task<FormFields> ReadAsync(HttpContext context) => new(await DictionaryAsync(context));

    public static async Task<IReadOnlyDictionary<string, StringValues>> DictionaryAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            throw new BadHttpRequestException("expected a form", StatusCodes.Status415UnsupportedMediaType);
        }
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        return form.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
    }
}

using System.Text;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Arithmetic, subscripts and slices by Python's rules.</summary>
internal static class JinjaOperators
{
    // A template that multiplies strings into gigabytes is a mistake or an attack.
    private const long MaximumLength = 1 << 24;

    public static object? Negate(object? value, string sign) => (value, sign) switch
    {
        (long number, "-") => checked(-number),
        (double number, "-") => -number,
        (bool flag, "-") => flag ? -1L : 0L,
        (bool flag, _) => flag ? 1L : 0L,
        (long or double, _) => value,
        _ => throw JinjaValues.Misuse(value) ?? new JinjaException($"{JinjaValues.TypeName(value)} has no sign"),
    };

    public static object? Arithmetic(string operation, object? left, object? right)
    {
        if (operation == "~")
            return JinjaValues.ToText(left) + JinjaValues.ToText(right);
        if (JinjaValues.AsNumber(left) is { } a && JinjaValues.AsNumber(right) is { } b)
        {
            try
            {
                return left is double || right is double || operation == "/"
                    ? OnFloats(operation, a, b)
                    : OnIntegers(operation, JinjaValues.AsInteger(left), JinjaValues.AsInteger(right));
            }
            catch (OverflowException)
            {
                throw new JinjaException($"the result of '{operation}' does not fit 64 bits");
            }
        }

        return (operation, left, right) switch
        {
            ("+", string l, string r) => l + r,
            ("+", JinjaList l, JinjaList r) => new JinjaList([.. l.Items, .. r.Items], l.IsTuple),
            ("*", string text, long count) => Repeat(text, count),
            ("*", long count, string text) => Repeat(text, count),
            ("*", JinjaList list, long count) => Repeat(list, count),
            ("%", string format, _) => JinjaFormat.Percent(format, right is JinjaList { IsTuple: true } tuple ? tuple.Items : [right]),
            _ => throw JinjaValues.Misuse(left) ?? JinjaValues.Misuse(right) ?? new JinjaException(
                $"'{operation}' can't join {JinjaValues.TypeName(left)} and {JinjaValues.TypeName(right)}"),
        };
    }

    /// <summary>A character or item by its index, negative from the end; undefined where there is none.</summary>
    public static object? ItemAt(object? target, long index)
    {
        List<object?> items = JinjaValues.Items(target);
        long at = index < 0 ? index + items.Count : index;
        return at >= 0 && at < items.Count
            ? items[(int)at]
            : new JinjaUndefined($"item {index} of {JinjaValues.TypeName(target)} of {items.Count}");
    }

    public static object? Slice(object? target, long? start, long? stop, long? step)
    {
        long stride = step ?? 1;
        if (stride == 0)
            throw new JinjaException("the step of a slice is 0");
        if (target is not (string or JinjaList))
            throw JinjaValues.Misuse(target) ?? new JinjaException($"{JinjaValues.TypeName(target)} can't be sliced");
        List<object?> items = JinjaValues.Items(target);
        long count = items.Count;
        long low = stride > 0 ? 0 : -1;
        long high = stride > 0 ? count : count - 1;
        long from = start is { } s ? Math.Clamp(s < 0 ? s + count : s, low, high) : stride > 0 ? low : high;
        long to = stop is { } e ? Math.Clamp(e < 0 ? e + count : e, low, high) : stride > 0 ? high : low;
        List<object?> taken = [];
        for (long i = from; stride > 0 ? i < to : i > to; i += stride)
            taken.Add(items[(int)i]);
        return target is string ? string.Concat(taken.Cast<string>()) : new JinjaList(taken, ((JinjaList)target).IsTuple);
    }

    private static object OnIntegers(string operation, long a, long b) => operation switch
    {
        "+" => checked(a + b),
        "-" => checked(a - b),
        "*" => checked(a * b),
        "//" => FloorDivide(a, b),
        "%" => checked(a - FloorDivide(a, b) * b),
        _ => Power(a, b),
    };

    private static long FloorDivide(long a, long b)
    {
        if (b == 0)
            throw new JinjaException("division by zero");
        (long quotient, long remainder) = Math.DivRem(a, b);
        return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static object Power(long a, long b)
    {
        if (b < 0)
            return Math.Pow(a, b);
        long result = 1;
        for (long i = 0; i < b; i++)
        {
            result = checked(result * a);
            if (result is 0 or 1)
                return a == -1 && b % 2 != 0 ? -1L : result;
            if (a == -1)
                return b % 2 == 0 ? 1L : -1L;
        }

        return result;
    }

    private static object OnFloats(string operation, double a, double b)
    {
        if (b == 0 && operation is ("/" or "//" or "%"))
            throw new JinjaException("division by zero");
        return operation switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            "%" => a - Math.Floor(a / b) * b,
            _ => Math.Pow(a, b),
        };
    }

    private static string Repeat(string text, long count)
    {
        if (count <= 0)
            return "";
        if (text.Length * count > MaximumLength)
            throw new JinjaException($"a string of more than {MaximumLength} characters");
        return new StringBuilder().Insert(0, text, (int)count).ToString();
    }

    private static JinjaList Repeat(JinjaList list, long count)
    {
        if (list.Items.Count * Math.Max(0, count) > MaximumLength)
            throw new JinjaException($"a list of more than {MaximumLength} items");
        List<object?> items = [];
        for (long i = 0; i < count; i++)
            items.AddRange(list.Items);
        return new JinjaList(items, list.IsTuple);
    }
}
